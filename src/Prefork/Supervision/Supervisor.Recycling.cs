namespace Prefork.Supervision;

/// <remarks>Workers that work are replaced by rules, one at a time, and never beside a reload.</remarks>
internal sealed partial class Supervisor
{
    private void Recycle()
    {
        if (ReasonForAll() is { } all)
        {
            // Those too that start, or are parked: it is told once, and they may have read already what has changed since.
            foreach (var worker in _workers.Where(static worker => worker.StopReason is null))
            {
                worker.RecycleReason ??= all;
            }
        }

        var serving = _workers.Where(static worker => worker.Phase == WorkerPhase.Serving).ToList();
        foreach (var worker in serving)
        {
            worker.RecycleReason ??= _recycleRules!.ReasonFor(worker.Process.Process.Id, worker.Process.Requests, Now - worker.Started, worker.RecycleFactor);
        }

        if (_recycling is not null || _operation is not null || _current!.Breaker.IsOpen)
        {
            return;
        }

        // The oldest first. A slot whose last replacement failed has to wait.
        _recycling = serving.Where(worker => worker.RecycleReason is not null && worker.Generation == _current && Now >= worker.Slot.NotBefore)
            .MinBy(static worker => worker.Process.Id);
        if (_recycling is not null)
        {
            _ = RecycleAsync(_recycling);
        }
    }

    private string? ReasonForAll()
    {
        try
        {
            return _recycleRules!.ReasonForAll();
        }
        catch (Exception exception)
        {
            Raise(SupervisorEventKind.Notice, $"no recycling by schedule any more: {exception.Message}");
            return null;
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
