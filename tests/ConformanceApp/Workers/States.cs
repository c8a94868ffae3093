using Prefork;

namespace ConformanceApp.Workers;

/// <summary>What a worker is when nothing has happened to it yet.</summary>
[NodeTest("test-cluster-worker-constructor")]
internal sealed class WorkerConstructor : Scenario
{
    internal override async Task PrimaryAsync()
    {
        WorkerState? state = null;
        Cluster.Forked += Must.Handle<WorkerEventArgs>("fork", e => state = e.Worker.State);
        var worker = Cluster.Fork();
        Check.Equal(null, worker.ExitedAfterDisconnect);
        Check.Equal(1, worker.Id);
        Check.True(worker.Process.Id > 0);
        await Must.AllAsync();
        Check.Equal(WorkerState.Forked, state);
    }
}

/// <summary>Connected from the fork; not any more when 'disconnect' is told, on either side.</summary>
[NodeTest("test-cluster-worker-isconnected")]
internal sealed class WorkerIsConnected : Scenario
{
    internal override Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        Check.True(worker.IsConnected);
        worker.Disconnected += Must.Handle<WorkerEventArgs>("disconnect", _ => Check.True(!worker.IsConnected));
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e =>
        {
            if (e.Message.Get<string>() == "readyToDisconnect")
            {
                worker.Disconnect();
            }
        });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        var worker = Cluster.Worker!;
        Check.True(worker.IsConnected);
        var disconnect = Must.Call("disconnect in the worker");
        worker.Disconnected += (_, _) =>
        {
            Check.True(!worker.IsConnected);
            disconnect.Hit();
        };
        await worker.SendAsync("readyToDisconnect");
        await base.WorkerAsync();
        await disconnect.Done.WithinPatience();
    }
}

/// <summary>Alive from the fork, dead when 'exit' is told.</summary>
[NodeTest("test-cluster-worker-isdead")]
internal sealed class WorkerIsDead : Scenario
{
    internal override Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        Check.True(!worker.IsDead);
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", _ => Check.True(worker.IsDead));
        return Task.CompletedTask;
    }

    internal override Task WorkerAsync() => Task.CompletedTask;
}

/// <summary>A worker hears its messages, and can leave.</summary>
[NodeTest("test-cluster-worker-init")]
internal sealed class WorkerInit : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e =>
        {
            Check.True(e.Message.Get<bool>());
            worker.Disconnect();
        });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        await worker.WaitForOnlineAsync();
        await worker.SendAsync("hello");
    }

    internal override Task WorkerAsync()
    {
        Cluster.Worker!.MessageReceived += Must.HandleAsync<ClusterMessageEventArgs>(
            "message", async e => await Cluster.Worker.SendAsync(e.Message.Get<string>() == "hello"));
        return base.WorkerAsync();
    }
}

/// <summary>Each worker sees the variables that its fork was given, over those of the primary.</summary>
[NodeTest("test-cluster-fork-env")]
internal sealed class ForkEnvironment : Scenario
{
    internal override Task PrimaryAsync()
    {
        Environment.SetEnvironmentVariable("CLUSTER_TEST_OVERWRITE", "this is overwritten");
        var worker = Cluster.Fork(new Dictionary<string, string?>
        {
            ["CLUSTER_TEST_OVERWRITE"] = "this is the new value",
            ["CLUSTER_TEST_EXTRA"] = "this is something new",
        });
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e =>
        {
            Check.Equal("this is the new value|this is something new", e.Message.Get<string>());
            worker.Disconnect();
        });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        var (overwritten, added) = (Environment.GetEnvironmentVariable("CLUSTER_TEST_OVERWRITE"), Environment.GetEnvironmentVariable("CLUSTER_TEST_EXTRA"));
        await Cluster.Worker!.SendAsync($"{overwritten}|{added}");
        await base.WorkerAsync();
    }
}
