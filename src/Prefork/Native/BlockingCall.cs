namespace Prefork.Native;

/// <summary>A call that may wait for somebody else, with a deadline for whoever waits for its outcome.</summary>
internal static class BlockingCall
{
    /// <summary>Continuations of the task may run on the thread that ends it, so that a starved thread pool holds up nobody.</summary>
    /// <param name="run">Runs it elsewhere: <see cref="BlockingPool.Run(Action)"/>, or <see cref="BlockingShare.Run(Action)"/>.</param>
    /// <param name="call">The call.</param>
    /// <param name="late">Gets what it returns when nobody waits any more, on its thread; null when that owns nothing.</param>
    /// <param name="timeout">After which the task fails with a <see cref="TimeoutException"/>, and the call goes on by itself.</param>
    /// <param name="cancellation">Ends the wait.</param>
    internal static Task<T> StartAsync<T>(Action<Action> run, Func<T> call, Action<T>? late, TimeSpan timeout, CancellationToken cancellation = default)
    {
        var outcome = new TaskCompletionSource<T>();
        var deadline = new Timer(_ => outcome.TrySetException(new TimeoutException()), null, timeout, Timeout.InfiniteTimeSpan);
        var registration = cancellation.UnsafeRegister(_ => outcome.TrySetCanceled(cancellation), null);
        _ = outcome.Task.ContinueWith(
            task =>
            {
                // Seen, also when nobody asks.
                _ = task.Exception;
                deadline.Dispose();
                registration.Dispose();
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        run(() =>
        {
            if (outcome.Task.IsCompleted)
            {
                // It did not come to its turn in time.
                return;
            }

            try
            {
                var result = call();
                if (!outcome.TrySetResult(result))
                {
                    late?.Invoke(result);
                }
            }
            catch (Exception exception)
            {
                outcome.TrySetException(exception);
            }
        });
        return outcome.Task;
    }
}
