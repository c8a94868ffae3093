using Prefork;

namespace ConformanceApp.Channels;

/// <summary>A disconnect is told later and on both sides; another one harms nothing.</summary>
[NodeTest("test-child-process-disconnect")]
internal sealed class Disconnect : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.Disconnected += Must.Handle<WorkerEventArgs>("disconnect", _ => Check.True(!worker.IsConnected));
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        await worker.WaitForListeningAsync().WithinPatience();
        worker.Disconnect();
        worker.Disconnect();
        await Must.AllAsync();
        worker.Disconnect();
        await Check.ThrowsAsync<ClusterChannelClosedException>(() => worker.SendAsync("gone").AsTask());
    }

    internal override async Task WorkerAsync()
    {
        var disconnect = Must.Call("disconnect in the worker");
        Cluster.Worker!.Disconnected += (_, _) =>
        {
            Check.True(!Cluster.Worker.IsConnected);
            disconnect.Hit();
        };
        await using var listener = await Cluster.ListenAsync(Net.AnyPort);
        await base.WorkerAsync();
        await disconnect.Done.WithinPatience();
    }
}

/// <summary>Who listens lives, and hears; who has been left does not live on for it.</summary>
[NodeTest("test-child-process-fork-ref")]
internal sealed class ForkRef : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        var messages = new List<string>();
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e => messages.Add(e.Message.Get<string>()!), times: 3);
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", _ => Check.Equal("1 2 3", string.Join(' ', messages)));
        await worker.WaitForOnlineAsync();
        await worker.SendAsync("go on");
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        var goOn = new TaskCompletionSource();
        Cluster.Worker!.MessageReceived += (_, _) => goOn.SetResult();
        await Cluster.Worker.SendAsync("1");
        await goOn.Task;
        await Cluster.Worker.SendAsync("2");
        await Cluster.Worker.SendAsync("3");
        Cluster.Worker.Disconnect();
        await base.WorkerAsync();
    }
}

/// <summary>Listeners that come after the disconnect keep nobody alive.</summary>
[NodeTest("test-child-process-fork-ref2")]
internal sealed class ForkRef2 : Scenario
{
    internal override Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        worker.Disconnect();
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        await base.WorkerAsync();
        Cluster.Worker!.MessageReceived += (_, _) => { };
        Cluster.Worker.Disconnected += (_, _) => { };
    }
}

/// <summary>A worker that never uses the cluster is no trouble.</summary>
[NodeTest("test-child-process-fork3")]
internal sealed class ForkEmpty : Scenario
{
    internal override Task PrimaryAsync()
    {
        Cluster.SetupPrimary(settings =>
        {
            settings.Exec = "/bin/true";
            settings.Arguments = [];
        });
        var worker = Cluster.Fork();
        worker.Disconnected += Must.Handle<WorkerEventArgs>("disconnect", _ => { });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        return Task.CompletedTask;
    }
}

/// <summary>Codes and signals are told as they are.</summary>
[NodeTest("test-child-process-exit-code")]
internal sealed class ExitCode : Scenario
{
    internal override Task PrimaryAsync()
    {
        foreach (var code in (int[])[0, 1, 23])
        {
            var worker = Cluster.Fork(new Dictionary<string, string?> { ["CODE"] = $"{code}" });
            worker.Exited += Must.Handle<WorkerExitedEventArgs>($"exit with {code}", e => Check.Equal((code, null), (e.Exit.Code, e.Exit.Signal)));
        }

        foreach (var signal in (Signal[])[Signal.SIGKILL, Signal.SIGUSR2])
        {
            var worker = Cluster.Fork(new Dictionary<string, string?> { ["SIGNAL"] = $"{signal}" });
            worker.Exited += Must.Handle<WorkerExitedEventArgs>($"exit by {signal}", e => Check.Equal((null, signal), (e.Exit.Code, e.Exit.Signal)));
        }

        return Task.CompletedTask;
    }

    internal override Task WorkerAsync()
    {
        if (Environment.GetEnvironmentVariable("SIGNAL") is { } signal)
        {
            Kernel.Raise(Enum.Parse<Signal>(signal));
        }

        Environment.Exit(int.Parse(Environment.GetEnvironmentVariable("CODE")!, System.Globalization.CultureInfo.InvariantCulture));
        return Task.CompletedTask;
    }
}

/// <summary>Killing says whether there was somebody; signal 0 asks that alone, and a signal that does not exist is refused.</summary>
[NodeTest("test-child-process-kill")]
internal sealed class Kill : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e =>
        {
            Check.Equal((null, Signal.SIGTERM), (e.Exit.Code, e.Exit.Signal));
            Check.Equal(Signal.SIGTERM, worker.Process.Exit?.Signal);
        });
        Check.Equal(null, worker.Process.Exit);
        Check.True(worker.Process.Kill(0));
        Check.Throws<ArgumentOutOfRangeException>(() => worker.Process.Kill((Signal)1000));
        Check.Throws<ArgumentOutOfRangeException>(() => worker.Process.Kill((Signal)(-1)));
        Check.Equal(null, worker.Process.Exit);
        Check.True(worker.Process.Kill());
        await Must.AllAsync();
        Check.True(!worker.Process.Kill());
        Check.True(!worker.Process.Kill(0));
    }
}

/// <summary>Kill without a signal is SIGTERM, by either name.</summary>
[NodeTest("test-child-process-destroy")]
internal sealed class Destroy : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(Signal.SIGTERM, e.Exit.Signal));
        Check.True(worker.Kill());
        await Must.AllAsync();
        Check.True(!worker.Kill());
    }
}

/// <summary>What a token ends, ends by the signal that its program sends then.</summary>
internal abstract class Cancelled(Signal signal) : Scenario
{
    internal override async Task PrimaryAsync()
    {
        using var cancellation = new CancellationTokenSource();
        var worker = Cluster.Fork();
        await using var registration = cancellation.Token.Register(() => worker.Kill(signal));
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal((null, signal), (e.Exit.Code, e.Exit.Signal)));
        await worker.WaitForOnlineAsync();
        cancellation.CancelAfter(TimeSpan.FromMilliseconds(1));
        await Must.AllAsync();
    }
}

/// <summary>SIGTERM.</summary>
[NodeTest("test-child-process-fork-abort-signal")]
internal sealed class AbortSignal() : Cancelled(Signal.SIGTERM);

/// <summary>Another, after a time.</summary>
[NodeTest("test-child-process-fork-timeout-kill-signal")]
internal sealed class TimeoutKillSignal() : Cancelled(Signal.SIGKILL);
