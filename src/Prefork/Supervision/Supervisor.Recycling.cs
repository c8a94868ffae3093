namespace Prefork.Supervision;

/// <remarks>Workers that work are replaced by rules, one at a time, and never beside a reload.</remarks>
internal sealed partial class Supervisor
{
    private static readonly TimeSpan s_lookPatience = TimeSpan.FromSeconds(10);

    private bool _isLooking;

    /// <summary>
    /// The rules look at a file, at figures of processes, and ask the user's schedule: elsewhere, one look at a time. One that does not come to its end ends recycling,
    /// and nothing else, until it does. Throws nothing.
    /// </summary>
    private async Task LookAndRecycleAsync(RecycleRules rules)
    {
        if (_isLooking)
        {
            return;
        }

        _isLooking = true;
        try
        {
            var serving = _workers.Where(static worker => worker.Phase == WorkerPhase.Serving).ToList();
            var figures = serving.ConvertAll(worker => (ProcessId: worker.Process.Process.Id, worker.Process.Requests, Age: Now - worker.Started, worker.RecycleFactor));
            var look = _reads!.CallAsync(
                () => (All: ReasonForAll(rules), Each: figures.ConvertAll(one => rules.ReasonFor(one.ProcessId, one.Requests, one.Age, one.RecycleFactor))),
                Timeout.InfiniteTimeSpan);
            if (!look.IsCompleted)
            {
                using var over = new CancellationTokenSource();
                if (await OutlastsAsync(look, DelayAsync(s_lookPatience, over.Token)))
                {
                    Raise(SupervisorEventKind.Notice, $"recycling waits: its rules have not been read within {Seconds(s_lookPatience)}");
                }

                await over.CancelAsync();
            }

            var (all, each) = await look;
            if (all.Failure is { } failure)
            {
                Raise(SupervisorEventKind.Notice, $"no recycling by schedule any more: {failure.Message}");
            }

            if (!IsStopping && rules == _recycleRules)
            {
                Recycle(serving.Zip(each), all.Reason);
            }
        }
        catch (Exception exception)
        {
            Raise(SupervisorEventKind.Notice, $"the rules of recycling could not be read: {exception.Message}");
        }
        finally
        {
            _isLooking = false;
        }
    }

    /// <summary>Whether it takes longer than the delay. One that could not be made, for want of a timer, is not over.</summary>
    internal static async Task<bool> OutlastsAsync(Task task, Task delay)
    {
        await Task.WhenAny(task, delay);
        return !task.IsCompleted && delay.IsCompletedSuccessfully;
    }

    private static (string? Reason, Exception? Failure) ReasonForAll(RecycleRules rules)
    {
        try
        {
            return (rules.ReasonForAll(), null);
        }
        catch (Exception exception)
        {
            return (null, exception);
        }
    }

    private void Recycle(IEnumerable<(SupervisedWorker Worker, string? Reason)> looked, string? reasonForAll)
    {
        if (reasonForAll is not null)
        {
            // Those too that start, or are parked: it is told once, and they may have read already what has changed since.
            foreach (var worker in _workers.Where(static worker => worker.StopReason is null))
            {
                worker.RecycleReason ??= reasonForAll;
            }
        }

        foreach (var (worker, reason) in looked)
        {
            worker.RecycleReason ??= reason;
        }

        if (_recycling is not null || _operation is not null || _current!.Breaker.IsOpen)
        {
            return;
        }

        // The oldest first. A slot whose last replacement failed has to wait.
        _recycling = _workers.Where(worker => worker is { Phase: WorkerPhase.Serving, RecycleReason: not null } && worker.Generation == _current && Now >= worker.Slot.NotBefore)
            .MinBy(static worker => worker.Process.Id);
        if (_recycling is not null)
        {
            _ = RecycleAsync(_recycling);
        }
    }

    private async Task RecycleAsync(SupervisedWorker old)
    {
        var reason = old.RecycleReason!;
        Raise(SupervisorEventKind.WorkerRecycles, $"{old.Name} is to be replaced: {reason}", old);
        var slot = old.Slot;
        try
        {
            var fresh = StartWorker(slot, old.Generation);
            await LaunchAsync(fresh);
            if (fresh.Phase == WorkerPhase.Starting)
            {
                // The old one, or who has been started for it when it ended meanwhile.
                var holder = slot.Holder;
                slot.Holder = fresh;
                slot.IsFinished = false;
                Enter(fresh);
                if (holder is not null)
                {
                    _ = StopWorkerAsync(holder, reason);
                }
            }
        }
        catch (Exception exception)
        {
            // Its slot's back-off says when to try again.
            slot.NotBefore = Now + slot.Backoff.Next(TimeSpan.Zero);
            if (old.Phase == WorkerPhase.Serving && !IsStopping)
            {
                Raise(SupervisorEventKind.Notice, $"{old.Name} serves on, its replacement failed: {exception.Message}", old);
            }
        }
        finally
        {
            _recycling = null;
            Changed();
        }
    }
}
