namespace Prefork.Native;

/// <summary>A call that may wait for somebody else, with a deadline for whoever waits for its outcome.</summary>
internal static class BlockingCall
{
    /// <param name="run">Runs it elsewhere: <see cref="BlockingPool.Run(Action)"/>, or <see cref="BlockingShare.Run(Action)"/>.</param>
    /// <param name="call">The call.</param>
    /// <param name="late">Gets what it returns when nobody waits any more, on its thread; null when that owns nothing.</param>
    /// <param name="cancellation">Ends the wait; with a <see cref="TimeoutException"/> when it is the timeout.</param>
    internal static async Task<T> StartAsync<T>(Action<Action> run, Func<T> call, Action<T>? late, TimeSpan timeout, CancellationToken cancellation = default)
    {
        var outcome = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
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

        try
        {
            return await outcome.Task.WaitAsync(timeout, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException && outcome.TrySetException(exception))
        {
            // From here on what it returns is late. And the exception has been seen.
            _ = outcome.Task.Exception;
            throw;
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            // It was quicker after all.
            return await outcome.Task.ConfigureAwait(false);
        }
    }
}
