using Prefork;

namespace ConformanceApp.Ends;

/// <summary>A worker that has closed what it listened on ends when its program does, connected as it is.</summary>
[NodeTest("test-cluster-rr-handle-close")]
internal sealed class HandleClose : Scenario
{
    internal override Task PrimaryAsync()
    {
        Cluster.SchedulingPolicy = SchedulingPolicy.RoundRobin;
        Cluster.Fork().Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal((0, null), (e.Exit.Code, e.Exit.Signal)));
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        var listener = await Cluster.ListenAsync(Net.AnyPort);
        await listener.DisposeAsync();
    }
}

/// <summary>A worker that waits for connections lives, and serves them.</summary>
[NodeTest("test-cluster-rr-handle-keep-loop-alive")]
internal sealed class HandleKeepsAlive : Scenario
{
    internal override async Task PrimaryAsync()
    {
        Cluster.SchedulingPolicy = SchedulingPolicy.RoundRobin;
        var worker = Cluster.Fork();
        var address = await worker.WaitForListeningAsync().WithinPatience();
        using var client = await Net.ConnectAsync(Net.Loopback(address));
        Check.Equal("alive", await client.HearToEndAsync());
        Check.True(!worker.IsDead);
        worker.Kill();
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(Signal.SIGTERM, e.Exit.Signal));
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
        => await Net.ServeAsync(await Cluster.ListenAsync(Net.AnyPort), async connection =>
        {
            await connection.SayAsync("alive");
            connection.Dispose();
        });
}

/// <summary>A listener that nobody waits for keeps no worker alive.</summary>
[NodeTest("test-cluster-rr-handle-ref-unref")]
internal sealed class HandleUnref : Scenario
{
    internal override Task PrimaryAsync()
    {
        Cluster.SchedulingPolicy = SchedulingPolicy.RoundRobin;
        Cluster.Fork().Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal((0, null), (e.Exit.Code, e.Exit.Signal)));
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync() => _ = await Cluster.ListenAsync(Net.AnyPort);
}

/// <summary>Closing ends, also when nobody had waited for connections.</summary>
[NodeTest("test-cluster-rr-ref")]
internal sealed class HandleRef : Scenario
{
    internal override Task PrimaryAsync()
    {
        Cluster.SchedulingPolicy = SchedulingPolicy.RoundRobin;
        Cluster.Fork().MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e => Check.Equal("closed", e.Message.Get<string>()));
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        var listener = await Cluster.ListenAsync(Net.AnyPort);
        await listener.DisposeAsync();
        await Cluster.Worker!.SendAsync("closed");
        await base.WorkerAsync();
    }
}
