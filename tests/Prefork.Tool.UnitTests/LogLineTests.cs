using System.Text.Json;
using Prefork.Tool.Control;

namespace Prefork.Tool.UnitTests;

public class LogLineTests
{
    [Fact]
    public void AnEvent_IsOneLine_WhoeverWroteInIt()
        => Assert.Equal(@"listening on /a\n2026-01-01T00:00:00.000+00:00 prefork stopped\x1b[2J", LogLine.Of("listening on /a\n2026-01-01T00:00:00.000+00:00 prefork stopped\x1b[2J").Line);

    [Theory]
    [InlineData("2026-01-01T00:00:00.000+00:00 prefork listening on x", "prefork", "listening on x")]
    [InlineData("2026-01-01T00:00:00.000+00:00 0/3 a b", "worker", "a b")]
    [InlineData("2026-01-01T00:00:00.000+00:00 0/3:err a b", "worker", "a b")]
    [InlineData("2026-01-01T00:00:00.000+00:00 somebody a b", "unknown", "2026-01-01T00:00:00.000+00:00 somebody a b")]
    [InlineData("2026-01-01T00:00:00.000+00:00 -1/3 a b", "unknown", "2026-01-01T00:00:00.000+00:00 -1/3 a b")]
    [InlineData("prefork stopped here", "unknown", "prefork stopped here")]
    public void WhoSaysNothing_IsNotTakenForUs(string text, string source, string line)
    {
        var parsed = LogLine.Parse(text);
        Assert.Equal((source, line), (parsed.Source, parsed.Line));
    }

    [Fact]
    public void AsJson_ItHasNothingThatATerminalActsOn()
    {
        var json = JsonSerializer.Serialize(LogLine.Parse("2026-01-01T00:00:00.000+00:00 0/3 \x1b[2J\a\r\x7f\u009b\u202e\u200b\u2028"), ControlJson.Default.LogLine);
        Assert.DoesNotContain(json, static letter => letter is < ' ' or > '~');
    }
}
