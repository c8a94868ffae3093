namespace Prefork.Tests.Scheduling;

public class SchedulingPolicyTests
{
    [Theory]
    [InlineData(null, null, "rr")]
    [InlineData(null, "rr", "rr")]
    [InlineData(null, "none", "none")]
    [InlineData(null, "None", "rr")]
    [InlineData(null, "nonsense", "rr")]
    [InlineData("", "none", "none")]
    [InlineData("rr", "none", "rr")]
    [InlineData("least", null, "least")]
    public void FromVariables_KnownValues_NameThePolicy(string? prefork, string? node, string expected)
        => Assert.Equal(expected, SchedulingPolicy.FromVariables(prefork, node).Name);

    [Fact]
    public void FromVariables_UnknownValueOfOurs_Throws()
    {
        var exception = Assert.Throws<InvalidOperationException>(() => SchedulingPolicy.FromVariables("fair", null));
        Assert.Contains("'fair'", exception.Message, StringComparison.Ordinal);
    }
}
