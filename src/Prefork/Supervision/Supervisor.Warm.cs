namespace Prefork.Supervision;

/// <remarks>A worker of the previous generation for each slot, ready and out of rotation: a rollback then needs no start.</remarks>
internal sealed partial class Supervisor
{
    /// <summary>Those that are not wanted any more go; of those that are missing, one at a time comes.</summary>
    private void KeepWarm()
    {
        if (_operation is not null)
        {
            // Whoever it is about to need, or to make needless, is its business.
            return;
        }

        var wanted = _current!.Options.KeepPreviousWarm && _previous.Count > 0 ? _previous.Peek() : null;
        foreach (var worker in _workers.Where(worker => worker.IsWarm && worker.StopReason is null && worker.Generation != wanted).ToArray())
        {
            _ = StopWorkerAsync(worker, "no rollback leads to its generation");
        }

        // Beside those of it that drain it would be there twice.
        if (wanted is null || Now < wanted.WarmNotBefore || _workers.Exists(worker => worker.Generation == wanted && worker.Phase is WorkerPhase.Starting or WorkerPhase.Draining))
        {
            return;
        }

        if (_slots.Find(slot => !_workers.Exists(worker => worker.IsWarm && worker.Slot == slot)) is { } slot)
        {
            _ = WarmAsync(wanted, slot);
        }
    }

    private async Task WarmAsync(Generation generation, Slot slot)
    {
        try
        {
            var worker = StartWorker(slot, generation);
            worker.IsWarm = true;
            await LaunchAsync(worker);
            if (worker.Phase == WorkerPhase.Starting)
            {
                worker.Phase = WorkerPhase.Parked;
                Changed();
            }
        }
        catch (WorkerFailedException exception)
        {
            // When it is tried again was decided at its end.
            Raise(SupervisorEventKind.Notice, $"no worker of generation {generation.Number} is kept warm for slot {slot.Index}: {exception.Message}");
        }
        catch (Exception exception)
        {
            generation.WarmNotBefore = Now + generation.WarmBackoff.Next(TimeSpan.Zero);
            Raise(SupervisorEventKind.Notice, $"no worker of generation {generation.Number} could be started to be kept warm: {exception.Message}");
        }
    }
}
