using System.ComponentModel;
using Prefork.Processes;

namespace Prefork.Supervision;

/// <remarks>One worker's end: by itself, or because it is told to leave, stopped, or killed; what it leaves behind; and what follows from it.</remarks>
internal sealed partial class Supervisor
{
    private static readonly TimeSpan s_outputPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_clearPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_tableAge = TimeSpan.FromMilliseconds(50);

    /// <summary>Workers that have ended, of which something may be left: processes to end, output to read, and their end to be said.</summary>
    private readonly List<Task> _clearing = [];

    private ProcessTable? _table;
    private TimeSpan _tableFrom;

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
        var cleared = Task.WhenAll(ClearAsync(worker), worker.Ended);
        _clearing.Add(cleared);
        Changed();
        if (worker.Output is { } output)
        {
            // In case its channel was closed before anybody listened for that.
            worker.Process.Process.StandardInput?.Dispose();
            await output.FinishAsync(s_outputPatience, _time);
        }

        var ending = EndingOf(worker, exit, worker.StopReason ?? (exit is null ? failure : Describe(exit, worker.Process)), planned);
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

    private WorkerEnding EndingOf(SupervisedWorker worker, WorkerExit? exit, string reason, bool planned) => new(
        _time.GetUtcNow(),
        worker.Process.Id,
        worker.Process.Process.Id,
        worker.Slot.Index,
        worker.Generation.Number,
        exit,
        reason,
        planned,
        Now - worker.Started,
        worker.Output?.LastLines ?? []);

    /// <summary>As long as no worker has ever served, one that fails, or several that end, are the end of it; those of a reload that has failed are only that.</summary>
    private void GiveUpAfter(SupervisedWorker worker, WorkerEnding ending)
    {
        if (!IsStopping && _transaction is null && _current is { HasServed: false } && worker.Generation == _current && (_current.Breaker.IsOpen || worker.HasFailed))
        {
            var what = worker.HasFailed
                ? $"{worker.Name} {ending.Reason}"
                : $"{worker.Generation.Options.BreakerFailures} workers ended before any served. The last one, {worker.Name}: {ending.Reason}";
            GiveUp(new SupervisorException($"Gives up: {what}{(LastWords.Find(ending.LastLines) is { } words ? $": {words.Text}" : "")}", ending));
        }
    }

    /// <summary>Of one that was parked or is a canary nobody takes the place: others serve there. But one that was parked may say that it is not to be started again, should the slot be its own again.</summary>
    private void OnPlaceLost(SupervisedWorker worker, WorkerExit? exit, bool planned)
    {
        if (worker.Slot.Holder == worker)
        {
            worker.Slot.Holder = null;

            // What a worker of a generation that is not committed does is the reload's failure: its slot goes back to the old one.
            if (!planned && worker.Generation != _transaction?.Next)
            {
                OnSlotLost(worker, exit);
            }
        }
        else if (_transaction?.Parked.Contains(worker) is true)
        {
            worker.Slot.IsFinished |= IsFinal(worker, exit);
        }
        else if (worker.IsWarm && !planned)
        {
            worker.Generation.WarmNotBefore = Now + worker.Generation.WarmBackoff.Next(Now - worker.Started);
        }
    }

    private static bool IsFinal(SupervisedWorker worker, WorkerExit? exit)
        => worker.StopReason is null && exit?.Code is { } code && worker.Generation.Options.StopExitCodes.Contains(code);

    /// <summary>Nobody meant it to end: when is there to be another, if at all.</summary>
    private void OnSlotLost(SupervisedWorker worker, WorkerExit? exit)
    {
        var options = worker.Generation.Options;
        if (IsFinal(worker, exit))
        {
            worker.Slot.IsFinished = true;
            return;
        }

        var served = Now - worker.ServesSince;
        worker.Slot.NotBefore = Now + worker.Slot.Backoff.Next(served ?? TimeSpan.Zero);
        worker.Slot.HasLost = true;
        if (CrashLoopBreaker.IsFailure(exit, served, options.MinUptime) && worker.Generation.Breaker.Fail(Now))
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
        Look(worker);
        worker.Process.Disconnect();
        if (worker.ServesSince is null || !await LeavesWithinAsync(worker, options.StopTimeout))
        {
            Look(worker);
            Kill(worker, Signal.SIGTERM);
            if (!await EndsWithinAsync(worker, options.KillTimeout, _kill.Token))
            {
                Look(worker);
                Kill(worker, Signal.SIGKILL);
            }
        }

        await worker.Ended;
    }

    /// <summary>
    /// It gets no more clients, and nobody told it to leave: it may have something to bring to its end. Its slot waits for it,
    /// since its code may say that it is not to be started again; but not for ever.
    /// </summary>
    private async Task EndLeftAsync(SupervisedWorker worker)
    {
        var (options, since) = (worker.Generation.Options, worker.LeftSince);
        bool IsBack() => worker.LeftSince != since;
        Raise(SupervisorEventKind.Notice, $"{worker.Name} {worker.WhyUseless}, and nobody told it to: it gets no clients, and has {Seconds(options.StopTimeout)} to end", worker);
        if (await LeavesWithinAsync(worker, options.StopTimeout) || worker.StopReason is not null || IsBack())
        {
            return;
        }

        worker.StopReason = $"{worker.WhyUseless ?? "has left"}, and did not end within {Seconds(options.StopTimeout)}";
        worker.HasFailed = true;
        worker.Phase = WorkerPhase.Draining;
        _transaction?.OnFailure(worker);
        Raise(SupervisorEventKind.WorkerFailed, $"{worker.Name} {worker.StopReason}", worker);
        Look(worker);
        Kill(worker, Signal.SIGTERM);
        if (!await EndsWithinAsync(worker, options.KillTimeout, _kill.Token))
        {
            KillWithTree(worker);
        }
    }

    /// <summary>
    /// A Node worker that has nothing to drain any more is sent SIGTERM before its time is over: what a program closes when it is stopped (timers, pools), it closes then,
    /// and Node itself would wait for it. Its time is its own all the same.
    /// </summary>
    private async Task<bool> LeavesWithinAsync(SupervisedWorker worker, TimeSpan time)
    {
        var deadline = Now + time;
        if (worker.IsNode && await DrainsBeforeAsync(worker, deadline) && !worker.IsToldToEnd)
        {
            // Once, whoever waits: to a second one many programs answer by ending at once.
            worker.IsToldToEnd = true;
            Look(worker);
            Kill(worker, Signal.SIGTERM);
        }

        var left = deadline - Now;
        return await EndsWithinAsync(worker, left > TimeSpan.Zero ? left : TimeSpan.Zero, _hurry.Token);
    }

    /// <summary>Looked at twice: between the close of its channel and a program's own end a moment may pass.</summary>
    private async Task<bool> DrainsBeforeAsync(SupervisedWorker worker, TimeSpan deadline)
    {
        var hadDrained = false;
        while (deadline - Now > s_tick && !_hurry.IsCancellationRequested)
        {
            if (await EndsWithinAsync(worker, s_tick, _hurry.Token))
            {
                return false;
            }

            bool hasDrained;
            try
            {
                hasDrained = await worker.HasDrainedAsync().WaitAsync(s_tick, _time, _hurry.Token);
            }
            catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
            {
                // Nobody can say, or nobody waits any more.
                return false;
            }

            if (hadDrained && hasDrained)
            {
                return true;
            }

            hadDrained = hasDrained;
        }

        return false;
    }

    /// <summary>What a worker that has ended, however, has left behind: SIGTERM, and at the deadline SIGKILL.</summary>
    private async Task ClearAsync(SupervisedWorker worker)
    {
        if (Look(worker).Kill(Signal.SIGTERM) is var count and > 0)
        {
            Raise(SupervisorEventKind.Notice, $"{worker.Name} left {count} {(count == 1 ? "process" : "processes")} behind: SIGTERM", worker);
            var deadline = Now + worker.Generation.Options.KillTimeout;
            while (worker.Tree.Lives && Now < deadline && !_kill.IsCancellationRequested)
            {
                await DelayAsync(s_clearPause, _kill.Token);
            }

            if (worker.Tree.Lives)
            {
                // Those, too, that they have started meanwhile. With all of them gone their group's number might be somebody else's.
                Look(worker).Kill(Signal.SIGKILL);
            }
        }

        try
        {
            // Not here: a folder for temporary files may be on a file system that hangs.
            await Primary.RemoveFilesAsync(worker.RemoveRuntimeFiles, s_outputPatience);
        }
        catch (Exception)
        {
            // They stay, or go when it does not hang any more. They are in nobody's way.
        }
    }

    private void KillWithTree(SupervisedWorker worker)
    {
        var tree = Look(worker);
        Kill(worker, Signal.SIGKILL);
        tree.Kill(Signal.SIGKILL);
    }

    /// <summary>Many workers that end at once are looked at in one table: /proc is large on a large machine, and this loop has other things to do.</summary>
    private ProcessTree Look(SupervisedWorker worker)
    {
        if (_table is null || Now - _tableFrom > s_tableAge)
        {
            _table = ProcessTable.Read();
            _tableFrom = Now;
        }

        return worker.Look(_table);
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

    /// <summary>Of one that has never listened, and was told that it cannot, that is why.</summary>
    private static string Describe(WorkerExit exit, WorkerProcess process)
        => process.ListenFailure is { } failure ? $"{Describe(exit)}, since it {failure.Message}" : Describe(exit);
}
