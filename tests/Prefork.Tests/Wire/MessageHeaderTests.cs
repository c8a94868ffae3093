using System.Text;
using System.Text.Json;
using Prefork.Wire;

namespace Prefork.Tests.Wire;

public class MessageHeaderTests
{
    [Theory]
    [InlineData("{\"cmd\":\"NODE_CLUSTER\",\"act\":\"online\"}", "NODE_CLUSTER")]
    [InlineData("{\"act\":\"online\",\"cmd\":\"NODE_CLUSTER\"}", "NODE_CLUSTER")]
    [InlineData("{\"cmd\":\"NODE\\u005fCLUSTER\"}", "NODE_CLUSTER")]
    [InlineData("{\"cmd\":\"NODE_bar\"}", "NODE_bar")]
    [InlineData("{\"cmd\":\"NODE_\"}", null)]
    [InlineData("{\"cmd\":\"NODEX\"}", null)]
    [InlineData("{\"cmd\":\"fooNODE_\"}", null)]
    [InlineData("{\"cmd\":5}", null)]
    [InlineData("{\"inner\":{\"cmd\":\"NODE_CLUSTER\"}}", null)]
    [InlineData("[{\"cmd\":\"NODE_CLUSTER\"}]", null)]
    [InlineData("\"text\"", null)]
    [InlineData("{\"\\ud800\":1,\"cmd\":\"\\ud800\"}", null)]
    [InlineData("null", null)]
    [InlineData(" 5 \r", null)]
    public void Read_Command_IsInternalAsInNode(string line, string? expected)
        => Assert.Equal(expected, MessageHeader.Read(Encoding.UTF8.GetBytes(line)).Command);

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("{\"a\":1}x")]
    [InlineData("\u0001")]
    [InlineData("\"unended")]
    public void Read_NotOneJsonValue_Throws(string line)
        => Assert.ThrowsAny<JsonException>(() => MessageHeader.Read(Encoding.UTF8.GetBytes(line)));

    [Fact]
    public void Read_Handle_GivesTypeAndInnerMessage()
    {
        var line = "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":{\"a\":[1, 2]},\"key\":\"k\"}"u8;
        var header = MessageHeader.Read(line);
        Assert.Equal("NODE_HANDLE", header.Command);
        Assert.Equal("net.Socket", header.HandleType);
        Assert.Equal("{\"a\":[1, 2]}", Encoding.UTF8.GetString(line[header.Inner]));
    }
}
