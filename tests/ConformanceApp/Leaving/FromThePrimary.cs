using Prefork;

namespace ConformanceApp.Leaving;

/// <summary>The primary asks: both sides tell 'disconnect' once, and what the worker does then is its own affair.</summary>
[NodeTest("test-cluster-worker-disconnect")]
internal sealed class WorkerDisconnect : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.Disconnected += Must.Handle<WorkerEventArgs>("worker disconnect", e => Check.Equal(WorkerState.Disconnected, e.Worker.State));
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("worker exit", e => Check.Equal((42, null), (e.Exit.Code, e.Exit.Signal)));
        Cluster.Disconnected += Must.Handle<WorkerEventArgs>("cluster disconnect", e =>
        {
            Check.Equal(worker, e.Worker);
            Check.Equal(true, e.Worker.ExitedAfterDisconnect);
            Check.True(!e.Worker.IsConnected);
        });
        Cluster.Exited += Must.Handle<WorkerExitedEventArgs>("cluster exit", e => Check.Equal(true, e.Worker.ExitedAfterDisconnect));
        await worker.WaitForListeningAsync();
        worker.Disconnect();
        Check.Equal(true, worker.ExitedAfterDisconnect);
        await Must.AllAsync();
        Check.True(!Directory.Exists($"/proc/{worker.Process.Id}"));
    }

    internal override async Task WorkerAsync()
    {
        Cluster.Worker!.Disconnected += (_, _) =>
        {
            Check.True(!Cluster.Worker.IsConnected);
            Environment.Exit(42);
        };
        await using var listener = await Cluster.ListenAsync(Net.AnyPort);
        await Task.Delay(Timeout.Infinite);
    }
}

/// <summary>'disconnect' in the worker comes after the end of its last connection.</summary>
[NodeTest("test-cluster-worker-wait-server-close")]
internal sealed class WorkerWaitServerClose : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        var address = await worker.WaitForListeningAsync();
        using var client = await Net.ConnectAsync(Net.Loopback(address));
        Check.Equal(".", await client.HearAsync());
        worker.Disconnect();
        client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        Check.Equal("", await client.HearToEndAsync());
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        var closed = false;
        var disconnect = Must.Call("disconnect in the worker");
        Cluster.Worker!.Disconnected += (_, _) =>
        {
            Check.True(Volatile.Read(ref closed));
            disconnect.Hit();
        };
        await using var listener = await Cluster.ListenAsync(Net.AnyPort);
        var connection = (await listener.AcceptAsync())!;
        await connection.SayAsync(".");
        await connection.HearToEndAsync();
        Volatile.Write(ref closed, true);
        connection.Dispose();
        await base.WorkerAsync();
        await disconnect.Done.WithinPatience();
    }
}

/// <summary>Asked before it is up, and by a method that stands alone.</summary>
[NodeTest("test-cluster-disconnect-idle-worker")]
internal sealed class DisconnectIdleWorker : Scenario
{
    internal override async Task PrimaryAsync()
    {
        Func<IReadOnlyDictionary<string, string?>?, WorkerProcess> fork = Cluster.Fork;
        fork(null);
        await Cluster.DisconnectAsync().WithinPatience();
        Check.Equal(0, Cluster.Workers.Count);
    }
}

/// <summary>With nobody to ask it ends all the same.</summary>
[NodeTest("test-cluster-disconnect-with-no-workers")]
internal sealed class DisconnectWithNoWorkers : Scenario
{
    internal override Task PrimaryAsync() => Cluster.DisconnectAsync().WithinPatience();
}

/// <summary>A worker that is asked at once, and listens all the same, ends.</summary>
[NodeTest("test-cluster-disconnect-leak")]
internal sealed class DisconnectLeak : Scenario
{
    internal override Task PrimaryAsync()
    {
        Cluster.SchedulingPolicy = SchedulingPolicy.Shared;
        var worker = Cluster.Fork();
        worker.Disconnected += Must.Handle<WorkerEventArgs>("disconnect", _ => { });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", _ => { });
        return Cluster.DisconnectAsync().WithinPatience();
    }

    internal override async Task WorkerAsync()
    {
        try
        {
            await using var listener = await Cluster.ListenAsync(Net.AnyPort);
            Check.Equal(null, await listener.AcceptAsync());
        }
        catch (ClusterChannelClosedException)
        {
            // It was asked to leave before it could ask for a listener.
        }

        await base.WorkerAsync();
    }
}
