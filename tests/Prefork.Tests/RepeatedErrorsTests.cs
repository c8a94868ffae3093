using Prefork.Tests.Supervision;

namespace Prefork.Tests;

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
        }

        Assert.Equal(["no descriptors"], _said);
        _time.Advance(RepeatedErrors.Quiet.TotalSeconds);
        Assert.Equal(["no descriptors", "499 times in 26 s, and no more now: no descriptors"], _said);

        // And is forgotten: the next one is another.
        Add("accept", "again");
        Assert.Equal("again", _said[^1]);
    }

    [Fact]
    public void OneError_IsSaidOnce()
    {
        Add("accept", "once");
        _time.Advance(3 * RepeatedErrors.Quiet.TotalSeconds);
        Assert.Equal(["once"], _said);
    }

    [Fact]
    public void EachSource_HasItsOwnSpells()
    {
        Add(("listen", "a"), "a fails");
        Add(("listen", "b"), "b fails");
        Add(("listen", string.Concat("", "a")), "a fails differently");
        _time.Advance(RepeatedErrors.Quiet.TotalSeconds);
        Assert.Equal(["a fails", "b fails", "2 times in 1 s, and no more now: a fails differently"], _said);
    }

    private void Add(object source, string message) => _errors.Add(source, new InvalidOperationException(message), error => _said.Add(error.Message));
}
