namespace Prefork.Tests;

/// <summary>A worker says what it likes; who asks for an end point must not stumble over it.</summary>
public class ListeningAddressTests
{
    [Theory]
    [InlineData("127.0.0.1", 80, "4", "127.0.0.1:80")]
    [InlineData("::1", 80, "6", "[::1]:80")]
    [InlineData(null, 80, "4", "[::]:80")]
    [InlineData("/tmp/a.sock", -1, "-1", "/tmp/a.sock")]
    public void ToEndPoint_OfOne_IsIt(string? address, int port, string type, string expected)
        => Assert.Equal(expected, new ListeningAddress(address, port, type, null).ToEndPoint()!.ToString());

    [Theory]
    [InlineData("127.0.0.1", 65536, "4", null)]
    [InlineData("127.0.0.1", -1, "4", null)]
    [InlineData(null, int.MinValue, "4", null)]
    [InlineData("nonsense", 80, "4", null)]
    [InlineData("", -1, "-1", null)]
    [InlineData(null, -1, "-1", null)]
    [InlineData(null, 0, "4", 7)]
    public void ToEndPoint_OfNone_IsNull(string? address, int port, string type, int? descriptor)
        => Assert.Null(new ListeningAddress(address, port, type, descriptor).ToEndPoint());

    [Fact]
    public void ToEndPoint_OfAPathTooLongForOne_IsNull()
        => Assert.Null(new ListeningAddress($"/{new string('x', 107)}", -1, "-1", null).ToEndPoint());
}
