using Prefork;

namespace ConformanceApp.Ends;

/// <summary>The exit code is the worker's.</summary>
[NodeTest("test-cluster-worker-death")]
internal sealed class WorkerDeath : Scenario
{
    internal override Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("worker exit", e => Check.Equal((42, null), (e.Exit.Code, e.Exit.Signal)));
        Cluster.Exited += Must.Handle<WorkerExitedEventArgs>("cluster exit", e => Check.Equal(worker, e.Worker));
        return Task.CompletedTask;
    }

    internal override Task WorkerAsync()
    {
        Environment.Exit(42);
        return Task.CompletedTask;
    }
}

/// <summary>A worker that ends while it listens: one 'disconnect' and one 'exit', and nobody had asked.</summary>
[NodeTest("test-cluster-worker-exit")]
internal sealed class WorkerExits : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        Cluster.Disconnected += Must.Handle<WorkerEventArgs>("cluster disconnect", e => Check.Equal(worker, e.Worker));
        Cluster.Exited += Must.Handle<WorkerExitedEventArgs>("cluster exit", e =>
        {
            Check.Equal(42, e.Exit.Code);
            Check.Equal(null, e.Exit.Signal);
            Check.Equal(0, Cluster.Workers.Count);
        });
        worker.Disconnected += Must.Handle<WorkerEventArgs>("worker disconnect", _ =>
        {
            Check.Equal(WorkerState.Disconnected, worker.State);
            Check.Equal(false, worker.ExitedAfterDisconnect);
        });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("worker exit", e =>
        {
            Check.Equal(WorkerState.Dead, worker.State);
            Check.Equal(42, worker.Process.Exit?.Code);
            Check.Equal(null, worker.Process.Exit?.Signal);
        });
        await worker.WaitForListeningAsync();
        await worker.SendAsync("exit");
        await Must.AllAsync();
        Check.True(!Directory.Exists($"/proc/{worker.Process.Id}"));
    }

    internal override async Task WorkerAsync()
    {
        Cluster.Worker!.MessageReceived += (_, _) => Environment.Exit(42);
        await using var listener = await Cluster.ListenAsync(Net.AnyPort);
        await base.WorkerAsync();
    }
}

/// <summary>When the primary crashes, every worker goes.</summary>
[NodeTest("test-cluster-primary-error")]
internal sealed class PrimaryError : Scenario
{
    private const int Workers = 2;

    internal override async Task PrimaryAsync()
    {
        if (Arguments is ["primary"])
        {
            await FailAsync();
        }

        using var primary = Child.Start("test-cluster-primary-error", "primary");
        var pids = new List<int>();
        for (var i = 0; i < Workers; i++)
        {
            pids.Add(int.Parse(await primary.HearAsync(), System.Globalization.CultureInfo.InvariantCulture));
        }

        await primary.WaitForExitAsync();
        Check.True(primary.ExitCode != 0);

        // Each is gone when the last of its descriptors is: they all hold the primary's output.
        await primary.WaitForEndOfOutputAsync();
        foreach (var pid in pids)
        {
            await Child.WaitUntilGoneAsync(pid);
        }
    }

    private static async Task FailAsync()
    {
        Cluster.Online += (_, e) => Console.WriteLine(e.Worker.Process.Id);
        for (var i = 0; i < Workers; i++)
        {
            await Cluster.Fork().WaitForListeningAsync();
        }

        new Thread(() => throw new InvalidOperationException("this primary crashes")).Start();
        await Task.Delay(Timeout.Infinite);
    }

    internal override async Task WorkerAsync()
    {
        await using var listener = await Cluster.ListenAsync(Net.AnyPort);
        await base.WorkerAsync();
    }
}

/// <summary>The program's own handler of unhandled exceptions decides how a primary ends.</summary>
[NodeTest("test-cluster-uncaught-exception")]
internal sealed class UncaughtException : Scenario
{
    private const int MagicExitCode = 42;

    internal override async Task PrimaryAsync()
    {
        if (Arguments is ["primary"])
        {
            AppDomain.CurrentDomain.UnhandledException += (_, _) => Environment.Exit(MagicExitCode);
            Cluster.Fork();
            new Thread(() => throw new InvalidOperationException("handled above")).Start();
            await Task.Delay(Timeout.Infinite);
        }

        using var primary = Child.Start("test-cluster-uncaught-exception", "primary");
        await primary.WaitForExitAsync();
        Check.Equal(MagicExitCode, primary.ExitCode);
    }
}
