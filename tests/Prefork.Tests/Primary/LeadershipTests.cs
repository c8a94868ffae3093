using Prefork.Primary;

namespace Prefork.Tests.Primary;

/// <summary>At most one leads; the next is named only when the last has let go.</summary>
public class LeadershipTests
{
    private readonly Leadership _leadership = new();

    [Fact]
    public void TheFirstThatStands_Leads()
    {
        Assert.Null(_leadership.Leader);
        _leadership.Stand(3);
        _leadership.Stand(1);
        Assert.Equal(3, _leadership.Leader);
    }

    [Fact]
    public void WhenTheLeaderLetsGo_TheOldestThatStandsLeads()
    {
        Stand(1, 4, 2);
        _leadership.LetGo(1);
        Assert.Equal(2, _leadership.Leader);
    }

    [Fact]
    public void ALeaderThatStandsDown_LeadsTillItLetsGo()
    {
        Stand(1, 2);
        _leadership.StandDown(1);
        Assert.Equal(1, _leadership.Leader);
        _leadership.LetGo(1);
        Assert.Equal(2, _leadership.Leader);
    }

    [Fact]
    public void WhoStandsDown_IsPassedOver()
    {
        Stand(1, 2, 3);
        _leadership.StandDown(2);
        _leadership.LetGo(1);
        Assert.Equal(3, _leadership.Leader);
    }

    [Fact]
    public void AnotherOneThatLetsGo_ChangesNothing()
    {
        Stand(1, 2);
        _leadership.LetGo(2);
        _leadership.LetGo(2);
        _leadership.LetGo(99);
        Assert.Equal(1, _leadership.Leader);
        _leadership.LetGo(1);
        Assert.Null(_leadership.Leader);
    }

    [Fact]
    public void AfterATimeWithoutOne_WhoComesLeads()
    {
        Stand(1);
        _leadership.LetGo(1);
        Stand(2);
        Assert.Equal(2, _leadership.Leader);
    }

    private void Stand(params int[] ids)
    {
        foreach (var id in ids)
        {
            _leadership.Stand(id);
        }
    }
}
