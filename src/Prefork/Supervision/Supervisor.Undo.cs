namespace Prefork.Supervision;

/// <remarks>The way back of a reload that failed, or is called off, and what is said of it.</remarks>
internal sealed partial class Supervisor
{
    private static readonly TimeSpan s_endingPatience = TimeSpan.FromSeconds(10);

    /// <summary>The way back leads to where it began, and no further, also when it has failed already and is being undone.</summary>
    private async Task<ReloadResult> CallOffAsync(ReloadTransaction transaction, string name)
    {
        var began = Now;
        var what = $"the {name} to generation {transaction.Next.Number}";
        Raise(SupervisorEventKind.OperationBegan, $"rollback begins: it calls off {what}");
        var how = _transaction == transaction ? "was called off" : "had failed, and is undone";
        transaction.Fail("it was called off", null);
        var (allServe, whoServes) = await transaction.Over;
        var result = new ReloadResult(allServe, _current!.Number, $"{what} {how}. {whoServes}", null, Now - began);
        Raise(SupervisorEventKind.OperationEnded, result.Message);
        return result;
    }

    /// <summary>The old ones enter again, where they are left; the new ones go. Returns how the one ended that failed.</summary>
    private async Task<WorkerEnding?> UndoAsync(ReloadTransaction transaction, WorkerFailedException exception)
    {
        foreach (var slot in _slots)
        {
            slot.IsReserved = false;
            slot.NotBefore = TimeSpan.Zero;
            slot.HasLost = false;
            if (transaction.Parked.Find(worker => worker.Slot == slot && !worker.IsOver && worker.Phase == WorkerPhase.Parked) is { } old)
            {
                old.Process.EnterRotation();
                old.Phase = WorkerPhase.Serving;
                slot.Holder = old;
            }
            else if (slot.Holder?.Generation == transaction.Next)
            {
                slot.Holder = null;
            }
        }

        // The one that failed has ended, or been killed: its reason is its own, though its end may not have been seen yet.
        foreach (var worker in _workers.Where(worker => worker.Generation == transaction.Next && worker != exception.Worker).ToArray())
        {
            _ = StopWorkerAsync(worker, $"its generation failed: {exception.Message}");
        }

        // From here on the slots are the old generation's again. Where room was made for the new one, it has to start first.
        _transaction = null;
        Changed();
        var patience = Now + LaunchPatience;
        await UntilAsync(() => AllServe || IsStopping || _current!.Breaker.IsOpen || Now >= patience);
        try
        {
            await LookAtPathsAsync(_current!);
        }
        catch (WorkerFailedException notFound)
        {
            Raise(SupervisorEventKind.Notice, notFound.Message);
        }

        return exception.Worker is { } failed ? await EndingOfAsync(failed) : null;
    }

    /// <summary>What has become of the generation that was to be replaced.</summary>
    private string WhoServes()
    {
        var number = _current!.Number;
        return IsStopping ? "All workers leave."
            : AllServe ? $"Generation {number} serves on."
            : $"Generation {number} is to serve on, but {Serving} of its {_desired} workers do.";
    }

    private async Task<WorkerEnding?> EndingOfAsync(SupervisedWorker worker)
    {
        await Task.WhenAny(worker.Ended, DelayAsync(s_endingPatience, CancellationToken.None));
        return worker.Ended.IsCompleted ? await worker.Ended

            // It is being dumped, or ends slowly: what it wrote is there already.
            : worker.StopReason is { } reason ? EndingOf(worker, null, reason, planned: !worker.HasFailed)
            : null;
    }

    private static string Explain(WorkerFailedException exception, WorkerEnding? ending)
        => ending is null || exception.Message.EndsWith(ending.Reason, StringComparison.Ordinal) ? exception.Message : $"{exception.Message}: {ending.Reason}";
}
