using Prefork.Tests.Supervision;

namespace Prefork.Tool.UnitTests;

public class RepeatedLinesTests
{
    private readonly ManualTime _time = new();
    private readonly List<string> _said = [];
    private readonly RepeatedLines _lines;

    public RepeatedLinesTests() => _lines = new RepeatedLines(_said.Add, _time);

    [Fact]
    public void ALineThatRepeats_IsSaidOnce_AndThenHowOften()
    {
        for (var i = 0; i < 499; i++)
        {
            _lines.Say("errors", "could not accept");
            _time.Advance(26d / 498);
        }

        Assert.Equal(["could not accept"], _said);
        _time.Advance(6);
        Assert.Equal(["could not accept", "could not accept: 499 times in 26 s"], _said);

        // It may begin again.
        _lines.Say("errors", "could not accept");
        _time.Advance(120);
        Assert.Equal(["could not accept", "could not accept: 499 times in 26 s", "could not accept"], _said);
    }

    [Fact]
    public void ALineThatGoesOn_IsSaidOnceAMinute()
    {
        for (var i = 0; i < 600; i++)
        {
            _lines.Say("errors", "could not accept");
            _time.Advance(1);
        }

        Assert.InRange(_said.Count, 10, 11);
        _lines.Dispose();
        Assert.Equal(600, _said.Skip(1).Sum(static line => int.Parse(line.Split(' ')[3])));
    }

    [Fact]
    public void OfManyDifferentLines_AFewAreSaid_AndTheOthersCounted()
    {
        for (var i = 0; i < 130_000; i++)
        {
            _lines.Say("listening", $"listening on /{i}");
            if (i % 1000 == 0)
            {
                _time.Advance(0.124);
            }
        }

        Assert.Equal(RepeatedLines.MostLines, _said.Count);

        // One that talks does not silence others.
        _lines.Say("worker 2", "something else");
        Assert.Equal("something else", _said[^1]);
        _time.Advance(6);
        Assert.Equal($"listening: further lines left out: {130_000 - RepeatedLines.MostLines} times in 16 s", _said[^1]);
        _time.Advance(60);
        Assert.Equal(RepeatedLines.MostLines + 2, _said.Count);
    }

    [Fact]
    public void ManySources_AreOne()
    {
        for (var i = 0; i < 10_000; i++)
        {
            _lines.Say($"worker {i}", $"line {i}");
        }

        Assert.Equal(RepeatedLines.MostSources + RepeatedLines.MostLines, _said.Count);
        _lines.Dispose();
        Assert.Equal($"others: further lines left out: {10_000 - RepeatedLines.MostSources - RepeatedLines.MostLines} times in 0 s", Assert.Single(_said.Skip(RepeatedLines.MostSources + RepeatedLines.MostLines)));
    }
}
