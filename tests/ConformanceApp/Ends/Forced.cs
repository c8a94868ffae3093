using Prefork;

namespace ConformanceApp.Ends;

/// <summary>
/// A worker whose channel is closed without an agreement ends at once, with 0, whatever it has begun meanwhile; one that was asked to leave ends by itself.
/// </summary>
[NodeTest("test-cluster-worker-forced-exit")]
internal sealed class WorkerForcedExit : Scenario
{
    private const int Own = 42;

    internal override async Task PrimaryAsync()
    {
        var unforced = Cluster.Fork();
        var forced = Cluster.Fork();
        unforced.Exited += Must.Handle<WorkerExitedEventArgs>("exit of the one that was asked", e => Check.Equal((Own, null), (e.Exit.Code, e.Exit.Signal)));
        forced.Exited += Must.Handle<WorkerExitedEventArgs>("exit of the one that was cut off", e => Check.Equal((0, null), (e.Exit.Code, e.Exit.Signal)));
        await unforced.WaitForOnlineAsync();
        unforced.Disconnect();
        await forced.WaitForOnlineAsync();

        // Node's worker.process.disconnect(), which is nobody's to call here.
        Cluster.Supervised.Loop.Post(() => forced.Control.CutOff(new ClusterProtocolException("The test cuts it off.")));
        await Must.AllAsync();
    }

    internal override Task WorkerAsync()
    {
        Cluster.Worker!.Disconnected += async (_, _) =>
        {
            await Task.Delay(10);
            Environment.Exit(Own);
        };
        return Task.Delay(Timeout.Infinite);
    }
}
