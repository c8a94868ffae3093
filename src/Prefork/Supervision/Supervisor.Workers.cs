using System.ComponentModel;
using System.Globalization;

namespace Prefork.Supervision;

/// <remarks>One worker, from its fork to its end.</remarks>
internal sealed partial class Supervisor
{
    private static readonly TimeSpan s_gatePause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_outputPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_clearPause = TimeSpan.FromMilliseconds(50);

    /// <summary>Workers that have ended, of which something may be left.</summary>
    private readonly List<Task> _clearing = [];

    /// <exception cref="InvalidOperationException">The supervisor stops.</exception>
    private SupervisedWorker StartWorker(Slot slot, Generation generation)
    {
        ThrowIfStopping();
        var index = slot.Index.ToString(CultureInfo.InvariantCulture);
        var process = Cluster.Supervised.Fork(generation.Settings, new Dictionary<string, string?>
        {
            ["PREFORK_WORKER_INDEX"] = index,
            ["NODE_APP_INSTANCE"] = index,
            [WorkerEnvironment.Generation] = generation.Number.ToString(CultureInfo.InvariantCulture),
        }, ownGroup: true);
        process.Index = slot.Index;
        var options = generation.Options;
        var output = options.Output is { } write
            ? new OutputReader(
                process.Process.StandardOutput,
                process.Process.StandardError,
                (isError, line) => write(new WorkerOutput(process, slot.Index, isError, line)),
                exception => Post(() => Raise(SupervisorEventKind.Notice, $"worker {process.Id} is read, but its output is not all taken: {exception.Message}")))
            : null;
        var worker = new SupervisedWorker(process, generation, slot, _time.GetUtcNow(), Now, output, options.HeartbeatInterval is { } interval ? new HangWatch(interval, options.HangTimeout) : null)
        {
            RecycleFactor = RecycleRules.Factor(options.Recycling.Jitter, Random.Shared),
        };
        _workers.Add(worker);
        _ = WatchEndAsync(worker);
        Raise(SupervisorEventKind.WorkerStarted, $"{worker.Name} started", worker);
        return worker;
    }

    /// <summary>Into its own slot, which nobody serves from.</summary>
    private async Task BringUpAsync(SupervisedWorker worker)
    {
        try
        {
            await LaunchAsync(worker);
        }
        catch (WorkerFailedException)
        {
            // Said already; its end has been seen to.
            return;
        }

        if (worker.Slot.Holder == worker)
        {
            if (worker.Phase == WorkerPhase.Starting)
            {
                Enter(worker);
                Changed();
            }
        }
        else
        {
            await StopWorkerAsync(worker, "its slot has another worker");
        }
    }

    private void Enter(SupervisedWorker worker, double share = 1)
    {
        worker.Process.EnterRotation(share);
        worker.Phase = share < 1 ? WorkerPhase.Canary : WorkerPhase.Serving;
        worker.ServesSince ??= Now;
        worker.Generation.HasServed = true;
        Raise(SupervisorEventKind.WorkerServes, $"{worker.Name} serves{(share < 1 ? $" {share:P0} of connections" : "")}", worker);
    }

    /// <summary>Ends when the worker is ready and through its gate.</summary>
    /// <exception cref="WorkerFailedException">It is not, and has been killed if it lived.</exception>
    private async Task LaunchAsync(SupervisedWorker worker)
    {
        var options = worker.Generation.Options;
        using var boot = new CancellationTokenSource(options.BootTimeout, _time);
        try
        {
            await IsReadyAsync(worker.Process, options.ReadyOn, boot.Token);
        }
        catch (OperationCanceledException)
        {
            throw Fail(worker, Explain(options, worker.Process) ?? $"was not ready within {Seconds(options.BootTimeout)}: it {Describe(worker.Process.State)}");
        }
        catch (InvalidOperationException)
        {
            throw new WorkerFailedException($"{worker.Name} ended before it was ready", worker);
        }

        if (options.HealthGate is { } gate)
        {
            await PassAsync(worker, gate);
        }
    }

    /// <summary>The user's code, and of use for a message only: what it throws must not keep the worker from being ended.</summary>
    private static string? Explain(SupervisorOptions options, WorkerProcess process)
    {
        try
        {
            return options.ExplainBootTimeout?.Invoke(process);
        }
        catch (Exception exception)
        {
            return $"was not ready within {Seconds(options.BootTimeout)}, and why cannot be said: {exception.Message}";
        }
    }

    private static async Task IsReadyAsync(WorkerProcess process, WorkerReadiness readyOn, CancellationToken cancellation)
    {
        switch (readyOn)
        {
            case WorkerReadiness.Online:
                await process.WaitForOnlineAsync(cancellation);
                break;
            case WorkerReadiness.Listening:
                await process.WaitForListeningAsync(cancellation);
                break;
            case WorkerReadiness.Ready:
                await process.WaitForReadyAsync(cancellation);
                break;
            default:
                await process.WaitForListeningAsync(cancellation);
                if (process.SaysReady)
                {
                    await process.WaitForReadyAsync(cancellation);
                }

                break;
        }
    }

    private async Task PassAsync(SupervisedWorker worker, HealthGate gate)
    {
        var patience = worker.Generation.Options.HealthGateTimeout;
        using var timeout = new CancellationTokenSource(patience, _time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token);
        _ = worker.Over.ContinueWith(_ => ended.CancelAsync(), timeout.Token, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var why = "it was not answered";
        while (true)
        {
            try
            {
                // On the pool: it may be the user's code.
                await Task.Run(() => gate.CheckAsync(worker.Process, ended.Token), ended.Token);
                return;
            }
            catch (Exception exception)
            {
                if (exception is not OperationCanceledException)
                {
                    why = exception.Message;
                }

                if (worker.IsOver)
                {
                    throw new WorkerFailedException($"{worker.Name} ended before it passed its health gate", worker);
                }

                if (timeout.IsCancellationRequested)
                {
                    throw Fail(worker, $"did not pass its health gate within {Seconds(patience)}: {why}");
                }
            }

            await Task.WhenAny(worker.Over, Task.Delay(s_gatePause, _time, timeout.Token));
        }
    }

    /// <summary>The worker lives, and is of no use.</summary>
    private WorkerFailedException Fail(SupervisedWorker worker, string why)
    {
        if (worker.StopReason is null)
        {
            worker.StopReason = why;
            worker.HasFailed = true;
            worker.Phase = WorkerPhase.Draining;
            Raise(SupervisorEventKind.WorkerFailed, $"{worker.Name} {why}", worker);
            KillWithTree(worker);
        }

        return new WorkerFailedException($"{worker.Name} {why}", worker);
    }

    private async Task WatchEndAsync(SupervisedWorker worker)
    {
        // Not before whoever started it has put it into its slot.
        await Task.Yield();
        WorkerExit? exit = null;
        var failure = "";
        try
        {
            exit = await worker.Process.WaitForExitAsync();
        }
        catch (InvalidOperationException exception)
        {
            failure = exception.Message;
        }

        worker.SetOver();
        _workers.Remove(worker);
        var planned = worker.StopReason is not null && !worker.HasFailed;
        if (!planned)
        {
            _transaction?.OnUnplannedEnd(worker);
        }

        OnPlaceLost(worker, exit, planned);
        var cleared = ClearAsync(worker);
        _clearing.Add(cleared);
        Changed();
        if (worker.Output is { } output)
        {
            await output.FinishAsync(s_outputPatience, _time);
        }

        var ending = new WorkerEnding(
            _time.GetUtcNow(),
            worker.Process.Id,
            worker.Process.Process.Id,
            worker.Slot.Index,
            worker.Generation.Number,
            exit,
            worker.StopReason ?? (exit is null ? failure : Describe(exit)),
            planned,
            Now - worker.Started,
            worker.Output?.LastLines ?? []);
        if (_endings.Count == RememberedEndings)
        {
            _endings.Dequeue();
        }

        _endings.Enqueue(ending);
        worker.SetEnded(ending);
        Raise(SupervisorEventKind.WorkerEnded, $"{worker.Name} ended{(exit is null ? "" : $" ({exit})")}: {ending.Reason}", worker, ending);
        GiveUpAfter(worker, ending);
        try
        {
            await cleared;
        }
        finally
        {
            _clearing.Remove(cleared);
        }
    }

    /// <summary>As long as no worker has ever served, one that fails, or several that end, are the end of it.</summary>
    private void GiveUpAfter(SupervisedWorker worker, WorkerEnding ending)
    {
        if (!IsStopping && _transaction is null && _current is { HasServed: false } && (_current.Breaker.IsOpen || worker.HasFailed))
        {
            var what = worker.HasFailed
                ? $"{worker.Name} {ending.Reason}"
                : $"{worker.Generation.Options.BreakerFailures} workers ended before any served. The last one, {worker.Name}: {ending.Reason}";
            GiveUp(new SupervisorException($"Gives up: {what}{(LastWords.Of(ending.LastLines) is { } words ? $": {words}" : "")}", ending));
        }
    }

    /// <summary>Of one that was parked or is a canary nobody takes the place: others serve there.</summary>
    private void OnPlaceLost(SupervisedWorker worker, WorkerExit? exit, bool planned)
    {
        if (worker.Slot.Holder == worker)
        {
            worker.Slot.Holder = null;
            if (!planned)
            {
                OnSlotLost(worker, exit);
            }
        }
        else if (worker.IsWarm && !planned)
        {
            worker.Generation.WarmNotBefore = Now + worker.Generation.WarmBackoff.Next(Now - worker.Started);
        }
    }

    /// <summary>Nobody meant it to end: when is there to be another, if at all.</summary>
    private void OnSlotLost(SupervisedWorker worker, WorkerExit? exit)
    {
        var options = worker.Generation.Options;
        if (worker.StopReason is null && exit?.Code is { } code && options.StopExitCodes.Contains(code))
        {
            worker.Slot.IsFinished = true;
            return;
        }

        var served = worker.ServesSince is { } since ? Now - since : TimeSpan.Zero;
        worker.Slot.NotBefore = Now + worker.Slot.Backoff.Next(served);
        worker.Slot.HasLost = true;
        if (exit is not { Asked: true } && served < options.MinUptime && worker.Generation.Breaker.Fail(Now))
        {
            var what = $"generation {worker.Generation.Number} is a crash loop: {options.BreakerFailures} failures within {Seconds(options.BreakerWindow)}";
            var then = worker.Generation.HasServed ? $"; one worker at a time is tried, every {Seconds(options.MaxRestartDelay)} while others serve" : "";
            Raise(SupervisorEventKind.BreakerChanged, what + then);
        }
    }

    /// <summary>
    /// Out of rotation, drain, SIGTERM at the deadline, SIGKILL at the next; then what it has started and left behind. One that serves nobody yet has nothing to drain.
    /// </summary>
    private async Task StopWorkerAsync(SupervisedWorker worker, string reason)
    {
        if (worker.IsOver || worker.StopReason is not null)
        {
            await worker.Ended;
            return;
        }

        worker.StopReason = reason;
        worker.Phase = WorkerPhase.Draining;
        Raise(SupervisorEventKind.WorkerDrains, $"{worker.Name} is to leave: {reason}", worker);
        var options = worker.Generation.Options;
        worker.Look();
        worker.Process.Disconnect();
        if (worker.ServesSince is null || !await EndsWithinAsync(worker, options.StopTimeout, _hurry.Token))
        {
            worker.Look();
            Kill(worker, Signal.SIGTERM);
            if (!await EndsWithinAsync(worker, options.KillTimeout, _kill.Token))
            {
                worker.Look();
                Kill(worker, Signal.SIGKILL);
            }
        }

        await worker.Ended;
    }

    /// <summary>What a worker that has ended, however, has left behind: SIGTERM, and at the deadline SIGKILL.</summary>
    private async Task ClearAsync(SupervisedWorker worker)
    {
        if (worker.Look().Kill(Signal.SIGTERM) is var count and > 0)
        {
            Raise(SupervisorEventKind.Notice, $"{worker.Name} left {count} {(count == 1 ? "process" : "processes")} behind: SIGTERM", worker);
            var deadline = Now + worker.Generation.Options.KillTimeout;
            while (worker.Tree.Lives && Now < deadline && !_kill.IsCancellationRequested)
            {
                await DelayAsync(s_clearPause, _kill.Token);
            }

            // Those, too, that they have started meanwhile.
            worker.Look().Kill(Signal.SIGKILL);
        }
    }

    private void CheckHealth()
    {
        foreach (var worker in _workers.Where(static worker => worker.Phase is WorkerPhase.Serving or WorkerPhase.Canary).ToArray())
        {
            if (worker.HangWatch?.Beat(_time, () => worker.Process.PingAsync()) == true)
            {
                _ = EndHungAsync(worker);
            }
        }
    }

    /// <summary>Dumped first, then killed; its slot is filled when it has ended.</summary>
    private async Task EndHungAsync(SupervisedWorker worker)
    {
        var options = worker.Generation.Options;
        worker.StopReason = $"hangs: it has not answered for {Seconds(options.HangTimeout)}";
        worker.HasFailed = true;
        worker.Phase = WorkerPhase.Draining;
        worker.Process.LeaveRotation();
        Raise(SupervisorEventKind.WorkerFailed, $"{worker.Name} {worker.StopReason}", worker);
        if (options.OnHang is { } dump)
        {
            using var timeout = new CancellationTokenSource(options.OnHangTimeout, _time);
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _hurry.Token);
            try
            {
                await Task.Run(() => dump(worker.Process, enough.Token), enough.Token).WaitAsync(enough.Token);
            }
            catch (Exception exception)
            {
                Raise(SupervisorEventKind.Notice, $"{worker.Name} could not be dumped: {exception.Message}", worker);
            }
        }

        KillWithTree(worker);
    }

    private void KillWithTree(SupervisedWorker worker)
    {
        var tree = worker.Look();
        Kill(worker, Signal.SIGKILL);
        tree.Kill(Signal.SIGKILL);
    }

    /// <summary>One that has become another user's may not be killed. That is said; it ends when it likes.</summary>
    private void Kill(SupervisedWorker worker, Signal signal)
    {
        try
        {
            worker.Process.Kill(signal);
        }
        catch (Win32Exception exception)
        {
            Raise(SupervisorEventKind.Notice, $"{worker.Name} cannot be sent {signal}: {exception.Message}", worker);
        }
    }

    private async Task<bool> EndsWithinAsync(SupervisedWorker worker, TimeSpan time, CancellationToken hasten)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(hasten);
        await Task.WhenAny(worker.Over, DelayAsync(time, over.Token));
        await over.CancelAsync();
        return worker.IsOver;
    }

    private async Task DelayAsync(TimeSpan time, CancellationToken hasten)
    {
        try
        {
            await Task.Delay(time, _time, hasten);
        }
        catch (OperationCanceledException)
        {
            // Then now.
        }
    }

    private static string Describe(WorkerExit exit) => exit switch
    {
        { Asked: true } => "left by itself",
        { Signal: { } signal } => $"killed by {signal}",
        _ => $"exited with code {exit.Code}",
    };

    private static string Describe(WorkerState state) => state switch
    {
        WorkerState.Forked => "runs, but is not online as a worker",
        WorkerState.Online => "is online, but does not listen",
        WorkerState.Listening => "listens, but has not said that it is ready",
        _ => $"is {state}",
    };

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds.ToString("0.##", CultureInfo.InvariantCulture)} s";
}
