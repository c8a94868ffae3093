namespace Prefork.Supervision;

/// <summary>
/// A reload under way: the new generation, the old workers that wait to see how it comes out, and the first thing that went wrong.
/// </summary>
internal sealed class ReloadTransaction
{
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _watch = new();
    private readonly TaskCompletionSource<(bool AllServe, string WhoServes)> _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal ReloadTransaction(Generation next, int workers)
    {
        Next = next;
        Workers = workers;

        // Nobody may be at a guarded step when it fails.
        _ = _failed.Task.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
    }

    internal Generation Next { get; }

    /// <summary>How many workers there are to be when it has succeeded.</summary>
    internal int Workers { get; }

    /// <summary>Its new workers. Others of the generation may be left from an earlier life of it, when it is one that is gone back to: they prove nothing.</summary>
    internal HashSet<SupervisedWorker> Brought { get; } = [];

    /// <summary>Old workers, ready to enter again.</summary>
    internal List<SupervisedWorker> Parked { get; } = [];

    internal bool HasFailed => _failed.Task.IsCompleted;

    /// <summary>Ends when it is committed or undone, before anything else begins: with how things stand then.</summary>
    internal Task<(bool AllServe, string WhoServes)> Over => _over.Task;

    internal void SetOver(bool allServe, string whoServes) => _over.TrySetResult((allServe, whoServes));

    internal void Fail(string why, SupervisedWorker? worker)
    {
        _failed.TrySetException(new WorkerFailedException(why, worker));
        _ = _watch.CancelAsync();
    }

    /// <summary>For delays: what has failed is not watched to the end, which may be days away.</summary>
    internal CancellationToken Watch => _watch.Token;

    /// <summary>A worker has ended that nobody told to. One of the new ones fails the reload, whatever its step.</summary>
    internal void OnUnplannedEnd(SupervisedWorker worker)
    {
        if (Brought.Contains(worker))
        {
            Fail(worker.ServesSince is null ? $"{worker.Name} ended before it served" : $"{worker.Name} ended while the new generation was watched", worker);
        }
    }

    /// <summary>A worker hangs, or has left and does not end, and is about to be ended: what a new one has shown by that does not wait for its dump, or its end.</summary>
    internal void OnFailure(SupervisedWorker worker)
    {
        if (Brought.Contains(worker))
        {
            Fail($"{worker.Name} {worker.StopReason}", worker);
        }
    }

    /// <summary>Ends with the step, or fails with the transaction, whichever is first.</summary>
    /// <exception cref="WorkerFailedException">One of them has failed.</exception>
    internal async Task GuardAsync(Task step)
    {
        _ = step.ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        await await Task.WhenAny(_failed.Task, step);
        if (_failed.Task.IsFaulted)
        {
            await _failed.Task;
        }
    }
}
