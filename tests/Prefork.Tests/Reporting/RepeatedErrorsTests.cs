using Prefork.Reporting;
using Prefork.Tests.Supervision;

namespace Prefork.Tests.Reporting;

/// <summary>One line when something begins to fail, and one when it is over.</summary>
public class RepeatedErrorsTests
{
    private readonly ManualTime _time = new();
    private readonly List<string> _said = [];
    private readonly RepeatedErrors _errors;

    public RepeatedErrorsTests() => _errors = new RepeatedErrors(_time);

    [Fact]
    public void ASpell_IsSaidWhenItBegins_AndWithItsNumberWhenItIsOver()
    {
        for (var i = 0; i < 499; i++)
        {
            Add("accept", "no descriptors");
            _time.Advance(0.052);
            Assert.NotNull(_errors.EndSpells());
        }

        Assert.Equal(["no descriptors"], _said);
        Wait(1);
        Assert.Equal(["no descriptors", "499 times in 26 s, and no more now: no descriptors"], _said);

        // And is forgotten: the next one is another.
        Add("accept", "again");
        Assert.Equal("again", _said[^1]);
    }

    [Fact]
    public void OneError_IsSaidOnce()
    {
        Add("accept", "once");
        Wait(3);
        Assert.Equal(["once"], _said);
    }

    [Fact]
    public void EachSource_HasItsOwnSpells()
    {
        Add(("listen", "a"), "a fails");
        Add(("listen", "b"), "b fails");
        Add(("listen", string.Concat("", "a")), "a fails differently");
        Wait(1);
        Assert.Equal(["a fails", "b fails", "2 times in 1 s, and no more now: a fails differently"], _said);
    }

    [Fact]
    public void ManySources_AreAFewAndTheOthers()
    {
        for (var i = 0; i < 100_000; i++)
        {
            Add(i, $"{i} fails");
        }

        Assert.Equal(RepeatedErrors.MostSources + 1, _said.Count);
        Wait(1);
        Assert.Equal($"{100_000 - RepeatedErrors.MostSources} times in 1 s, and no more now: 99999 fails", _said[^1]);
    }

    private void Wait(int spells)
    {
        _time.Advance(spells * RepeatedErrors.Quiet.TotalSeconds);
        Assert.Null(_errors.EndSpells());
    }

    private void Add(object source, string message) => _errors.Add(source, new InvalidOperationException(message), error => _said.Add(error.Message));
}
