using Prefork.Reporting;

namespace Prefork.Tests.Reporting;

public class PlainTextTests
{
    [Theory]
    [InlineData("plain, über, 日本, 👍", "plain, über, 日本, 👍")]
    [InlineData("a\nprefork: forged\r\n", @"a\nprefork: forged\r\n")]
    [InlineData("\x1b]0;title\a\x1b[2J\u009b2J\x7f\0\t", @"\x1b]0;title\x07\x1b[2J\x9b2J\x7f\x00\t")]
    [InlineData("a\u0085b\u2028c\u2029d\ve\f", @"a\x85b\u2028c\u2029d\x0be\x0c")]
    [InlineData("\u202egpj.exe\u202c \u2066x\u2069 \u200b\u200d\u200e\ufeff\u00ad", @"\u202egpj.exe\u202c \u2066x\u2069 \u200b\u200d\u200e\ufeff\xad")]
    [InlineData("\U000e0041\u3164\u034f", @"\U000e0041\u3164\u034f")]
    [InlineData("\x1b[31mred\x1b[0m", @"\x1b[31mred\x1b[0m")]
    public void ALine_HasNothingThatATerminalActsOn(string text, string line) => Assert.Equal(line, PlainText.Line(text));

    [Theory]
    [InlineData("\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m")]
    [InlineData("\x1b[38:2::1:2:3mred", "\x1b[38:2::1:2:3mred\x1b[0m")]
    [InlineData("\x1b[mplain\x1b[m", "\x1b[mplain\x1b[m")]
    [InlineData("\x1b[2J\x1b[?25l\x1b[31;1H\x1b[31\x1b", @"\x1b[2J\x1b[?25l\x1b[31;1H\x1b[31\x1b")]
    [InlineData("\x1b[>4;2m\x1b[1;2;3;4;5;6;7;8;9;1;2;3;4;5;6;7;8;9;1mx", @"\x1b[>4;2m\x1b[1;2;3;4;5;6;7;8;9;1;2;3;4;5;6;7;8;9;1mx")]
    [InlineData("50 %\rdone\tall", "50 %\\rdone\tall")]
    public void AWorkersLine_KeepsTabsAndColours_AndColoursEndWithIt(string text, string line) => Assert.Equal(line, PlainText.Output(text, keepColors: true));

    [Fact]
    public void HalfASurrogatePair_IsSpelledOut() => Assert.Equal(@"half \ud83d, half \udc4d", PlainText.Line("half \ud83d, half \udc4d"));

    [Fact]
    public void ALine_HasABound()
    {
        var line = PlainText.Line(new string('\n', 100_000));
        Assert.Equal(PlainText.Longest + "… (97952 characters more)".Length, line.Length);
        Assert.EndsWith(@"\n… (97952 characters more)", line, StringComparison.Ordinal);
        Assert.Equal(100_000, PlainText.Output(new string('x', 100_000), keepColors: false).Length);
    }
}
