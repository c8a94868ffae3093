namespace Prefork.AspNetCore;

/// <summary>
/// Whether the thread pool, which serves new connections, keeps up with their coming. One that is blocked shall not be handed connection after
/// connection: what a worker has not taken, others get; what it has taken waits with it, and is lost when it is killed for hanging.
/// </summary>
/// <remarks>
/// After so many connections a work item is queued behind them; before as many again are taken it must have run. So at most twice as many wait.
/// What the application does with its connections, and how long, does not matter. Used by a listener's accept loop alone, one call at a time.
/// </remarks>
internal sealed class PoolPulse
{
    private const int Every = 16;

    private Task _behind = Task.CompletedTask;
    private int _taken;

    /// <summary>Null: take the next connection. Otherwise wait for this first.</summary>
    internal Task? BeforeNext()
    {
        if (++_taken <= Every)
        {
            return null;
        }

        _taken = 1;
        var before = _behind;
        var beat = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ThreadPool.UnsafeQueueUserWorkItem(static beat => beat.SetResult(), beat, preferLocal: false);
        _behind = beat.Task;
        return before.IsCompleted ? null : before;
    }
}
