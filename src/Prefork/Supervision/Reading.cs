using System.Globalization;
using System.Runtime.ExceptionServices;
using Prefork.Native;

namespace Prefork.Supervision;

/// <summary>
/// What is to come is read: from files, and by the user's code, which may take their time or never return. It may be called off meanwhile. A call that is under way then
/// goes on by itself, and what it returns is dropped; no further one begins. Used on the supervisor's turn only.
/// </summary>
/// <param name="threads">Where the calls are made. What never returns keeps its thread.</param>
internal sealed class Reading(WaitingThreads threads)
{
    private readonly CancellationTokenSource _calledOff = new();
    private string? _why;

    /// <summary>Nothing has been changed yet, and nothing will be.</summary>
    internal void CallOff(string why)
    {
        if (_why is null)
        {
            _why = why;

            // Elsewhere: who waits for it goes on in a turn of its own.
            _ = _calledOff.CancelAsync();
        }
    }

    /// <exception cref="OperationCanceledException">It has been called off.</exception>
    internal void ThrowIfCalledOff()
    {
        if (_why is not null)
        {
            throw new OperationCanceledException(_why);
        }
    }

    /// <exception cref="TimeoutException">It has not returned in time.</exception>
    /// <exception cref="OperationCanceledException">It has been called off.</exception>
    internal async Task<T> CallAsync<T>(Func<T> call, TimeSpan timeout)
    {
        ThrowIfCalledOff();
        (T? Result, ExceptionDispatchInfo? Thrown) outcome;
        try
        {
            outcome = await threads.CallAsync(() => Try(call), timeout, _calledOff.Token);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"What is to be launched could not be read within {timeout.TotalSeconds.ToString("0.##", CultureInfo.InvariantCulture)} s: a file system does not answer, or the program's own code.", exception);
        }
        finally
        {
            ThrowIfCalledOff();
        }

        outcome.Thrown?.Throw();
        return outcome.Result!;
    }

    /// <summary>What the user's code throws may be a timeout of its own. That is its reason, and not that the call has not returned.</summary>
    private static (T? Result, ExceptionDispatchInfo? Thrown) Try<T>(Func<T> call)
    {
        try
        {
            return (call(), null);
        }
        catch (Exception exception)
        {
            return (default, ExceptionDispatchInfo.Capture(exception));
        }
    }
}
