using Prefork.Scheduling;

namespace Prefork.Tests.Scheduling;

public class SelectorTests
{
    [Fact]
    public void RoundRobin_Equals_TakeTurns()
    {
        var selector = new RoundRobinSelector();
        WorkerLoad[] loads = [Load(2), Load(5), Load(9)];
        Assert.Equal([2, 5, 9, 2, 5, 9, 2], Enumerable.Range(0, 7).Select(_ => loads[selector.Select(loads)].WorkerId));
    }

    [Fact]
    public void RoundRobin_WhoIsMissing_IsPassedOver_AndTheTurnGoesOn()
    {
        var selector = new RoundRobinSelector();
        WorkerLoad[] all = [Load(1), Load(2), Load(3)];
        WorkerLoad[] withoutTwo = [Load(1), Load(3)];
        Assert.Equal(1, all[selector.Select(all)].WorkerId);
        Assert.Equal(3, withoutTwo[selector.Select(withoutTwo)].WorkerId);
        Assert.Equal(1, all[selector.Select(all)].WorkerId);
        Assert.Equal(2, all[selector.Select(all)].WorkerId);
    }

    [Fact]
    public void LeastConnections_CountsOpenAndWaiting_ThenHandedOver()
    {
        var selector = new LeastConnectionsSelector();
        Assert.Equal(1, selector.Select([new(1, 5, 0, 0), new(2, 2, 1, 0)]));
        Assert.Equal(0, selector.Select([new(1, 1, 1, 0), new(2, 0, 3, 0)]));
        Assert.Equal(1, selector.Select([new(1, 1, 0, 8), new(2, 0, 1, 7)]));
    }

    private static WorkerLoad Load(int id) => new(id, 0, 0, 0);
}
