using Prefork;

namespace ConformanceApp.Leaving;

/// <summary>A worker that leaves: 'disconnect' waits for the primary's word, and the exit is a clean one.</summary>
[NodeTest("test-cluster-disconnect-exitedAfterDisconnect-race")]
internal sealed class DisconnectRace : Scenario
{
    internal override Task PrimaryAsync()
    {
        Cluster.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        Cluster.Fork();
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        var disconnected = Must.Call("disconnect in the worker");
        var fired = false;
        Cluster.Worker!.Disconnected += (_, _) =>
        {
            Volatile.Write(ref fired, true);
            disconnected.Hit();
        };
        Cluster.Worker.Disconnect();
        Check.True(!Volatile.Read(ref fired));
        await base.WorkerAsync();
        await disconnected.Done.WithinPatience();
    }
}

/// <summary>Killing a worker that has left, or is about to, harms nothing.</summary>
[NodeTest("test-cluster-call-and-destroy")]
internal sealed class CallAndDestroy : Scenario
{
    internal override Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.Disconnected += Must.Handle<WorkerEventArgs>("disconnect", _ =>
        {
            Check.True(!worker.IsConnected);
            worker.Kill();
        });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", _ => { });
        return Task.CompletedTask;
    }

    internal override Task WorkerAsync()
    {
        Check.True(Cluster.Worker!.IsConnected);
        Cluster.Worker.Disconnect();
        return base.WorkerAsync();
    }
}

/// <summary>A worker may end itself while it is connected, and after it has left.</summary>
[NodeTest("test-cluster-worker-destroy")]
internal sealed class WorkerDestroy : Scenario
{
    internal override Task PrimaryAsync()
    {
        foreach (var _ in (int[])[1, 2])
        {
            var worker = Cluster.Fork();
            worker.Disconnected += Must.Handle<WorkerEventArgs>($"disconnect {worker.Id}", _ => { });
            worker.Exited += Must.Handle<WorkerExitedEventArgs>($"exit {worker.Id}", e => Check.Equal((0, null), (e.Exit.Code, e.Exit.Signal)));
        }

        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        var worker = Cluster.Worker!;
        if (worker.Id == 1)
        {
            worker.Kill();
            await Task.Delay(Timeout.Infinite);
        }

        worker.Disconnected += (_, _) => worker.Kill();
        worker.Disconnect();
        await base.WorkerAsync();
    }
}

/// <summary>A listening worker that hangs up ends with 0.</summary>
[NodeTest("test-cluster-process-disconnect")]
internal sealed class ProcessDisconnect : Scenario
{
    internal override Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal((0, null), (e.Exit.Code, e.Exit.Signal)));
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        await using var listener = await Cluster.ListenAsync(Net.AnyPort);
        Cluster.Worker!.Disconnect();
        await base.WorkerAsync();
    }
}

/// <summary>Many workers that are told again and again to leave, each when another has left.</summary>
[NodeTest("test-cluster-concurrent-disconnect")]
internal sealed class ConcurrentDisconnect : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var workers = new List<WorkerProcess>();
        for (var i = 0; i < Math.Max(4, Environment.ProcessorCount); i++)
        {
            var worker = Cluster.Fork();
            workers.Add(worker);
            worker.Disconnected += Must.HandleAsync<WorkerEventArgs>($"disconnect {worker.Id}", _ => TellAsync(workers, _ => "disconnect"));
            worker.Exited += Must.Handle<WorkerExitedEventArgs>($"exit {worker.Id}", e => Check.Equal((0, null), (e.Exit.Code, e.Exit.Signal)));
        }

        await Task.WhenAll(workers.Select(worker => worker.WaitForOnlineAsync()));
        await TellAsync(workers, worker => worker.Id % 2 == 0 ? "disconnect" : "destroy");
    }

    internal override Task WorkerAsync()
    {
        var worker = Cluster.Worker!;
        worker.MessageReceived += (_, e) =>
        {
            if (e.Message.Get<string>() == "destroy")
            {
                worker.Kill();
            }
            else
            {
                worker.Disconnect();
            }
        };
        return base.WorkerAsync();
    }

    private static async Task TellAsync(List<WorkerProcess> workers, Func<WorkerProcess, string> what)
    {
        foreach (var worker in workers.Where(worker => worker.IsConnected).ToList())
        {
            try
            {
                await worker.SendAsync(what(worker));
            }
            catch (ClusterChannelClosedException)
            {
                // It left meanwhile: the nature of this test.
            }
        }
    }
}
