using Prefork;

namespace ConformanceApp.Ends;

/// <summary>Checks that two tests share: a worker that listens is killed by SIGKILL, one way or the other.</summary>
internal abstract class KilledBySignal : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        var disconnected = false;
        Cluster.Disconnected += Must.Handle<WorkerEventArgs>("cluster disconnect", _ =>
        {
            Check.True(!worker.IsConnected);
            Check.Equal(false, worker.ExitedAfterDisconnect);
            disconnected = true;
        });
        Cluster.Exited += Must.Handle<WorkerExitedEventArgs>("cluster exit", e =>
        {
            Check.True(disconnected);
            Check.Equal(null, e.Exit.Code);
            Check.Equal(Signal.SIGKILL, e.Exit.Signal);
            Check.Equal(0, Cluster.Workers.Count);
        });
        worker.Disconnected += Must.Handle<WorkerEventArgs>("worker disconnect", _ => { });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("worker exit", e =>
        {
            Check.Equal(null, e.Exit.Code);
            Check.Equal(Signal.SIGKILL, e.Exit.Signal);
            Check.Equal(WorkerState.Dead, worker.State);
            Check.Equal(false, worker.ExitedAfterDisconnect);
        });
        await worker.WaitForListeningAsync();
        Kill(worker);
        await Must.AllAsync();
        Check.True(!Directory.Exists($"/proc/{worker.Process.Id}"));
    }

    internal override async Task WorkerAsync()
    {
        await using var listener = await Cluster.ListenAsync(Net.AnyPort);
        await base.WorkerAsync();
    }

    private protected abstract void Kill(WorkerProcess worker);
}

/// <summary>The worker's own kill takes any signal.</summary>
[NodeTest("test-cluster-worker-kill-signal")]
internal sealed class WorkerKillSignal : KilledBySignal
{
    private protected override void Kill(WorkerProcess worker) => Check.True(worker.Kill(Signal.SIGKILL));
}

/// <summary>So does its process's.</summary>
[NodeTest("test-cluster-worker-kill")]
internal sealed class WorkerKill : KilledBySignal
{
    private protected override void Kill(WorkerProcess worker) => Check.True(worker.Process.Kill(Signal.SIGKILL));
}

/// <summary>A worker that computes for ever ends by the signal's default.</summary>
[NodeTest("test-cluster-kill-infinite-loop")]
internal sealed class KillInfiniteLoop : Scenario
{
    internal override Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e =>
        {
            Check.Equal("starting infinite loop", e.Message.Get<string>());
            worker.Process.Kill();
        });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e =>
        {
            Check.Equal(null, e.Exit.Code);
            Check.Equal(Signal.SIGTERM, e.Exit.Signal);
        });
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        await Cluster.Worker!.SendAsync("starting infinite loop");
        while (true)
        {
        }
    }
}
