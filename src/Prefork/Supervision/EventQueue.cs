namespace Prefork.Supervision;

/// <summary>
/// What a supervisor tells, on its way to the user's handlers: in order, one at a time, on the thread pool, in the flow of whoever it was told for. A handler that waits (a log on a
/// disk that does not answer, a terminal that is held) holds up those after it, and never the supervisor. Any thread.
/// </summary>
/// <param name="handle">Calls the handlers. Throws nothing.</param>
/// <param name="leftOut">Makes the event that says how many were left out.</param>
/// <param name="time">The clock.</param>
internal sealed class EventQueue(Action<SupervisorEventArgs> handle, Func<int, SupervisorEventArgs> leftOut, TimeProvider time)
{
    /// <summary>Of events that wait. Further ones are counted, until all that wait have been handled.</summary>
    internal const int MostWaiting = 10_000;

    /// <summary>How long a handler is waited for by an operation whose events it is to have heard.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Queue<(SupervisorEventArgs Event, ExecutionContext? Flow)> _waiting = new();
    private readonly List<(long Number, TaskCompletionSource Handled)> _waiters = [];
    private long _added;
    private long _handled;
    private long _began;
    private int _leftOut;
    private bool _runs;

    internal void Add(SupervisorEventArgs args)
    {
        lock (_lock)
        {
            if (_leftOut > 0 || _waiting.Count == MostWaiting)
            {
                _leftOut++;
                return;
            }

            _waiting.Enqueue((args, ExecutionContext.Capture()));
            _added++;
            if (!_runs)
            {
                _runs = true;
                _began = time.GetTimestamp();
                ThreadPool.UnsafeQueueUserWorkItem(static queue => queue.Run(), this, preferLocal: false);
            }
        }
    }

    /// <summary>Ends when all that has been told until now has been handled; or when one handler has taken too long.</summary>
    internal async Task HandledAsync()
    {
        var handled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_handled == _added)
            {
                return;
            }

            _waiters.Add((_added, handled));
        }

        while (!handled.Task.IsCompleted && Left() is { Ticks: > 0 } left)
        {
            using var over = new CancellationTokenSource();
            await Task.WhenAny(handled.Task, Task.Delay(left, time, over.Token)).ConfigureAwait(false);
            await over.CancelAsync().ConfigureAwait(false);
        }

        lock (_lock)
        {
            _waiters.RemoveAll(waiter => waiter.Handled == handled);
        }
    }

    private TimeSpan Left()
    {
        lock (_lock)
        {
            return Patience - time.GetElapsedTime(_began);
        }
    }

    private void Run()
    {
        while (Next() is { } next)
        {
            if (next.Flow is { } flow)
            {
                ExecutionContext.Run(flow, _ => handle(next.Event), null);
            }
            else
            {
                handle(next.Event);
            }
        }
    }

    /// <summary>The one before has been handled.</summary>
    private (SupervisorEventArgs Event, ExecutionContext? Flow)? Next()
    {
        lock (_lock)
        {
            _handled = _added - _waiting.Count;
            _began = time.GetTimestamp();
            foreach (var (_, handled) in _waiters.Where(waiter => waiter.Number <= _handled))
            {
                handled.TrySetResult();
            }

            _waiters.RemoveAll(waiter => waiter.Number <= _handled);
            if (_waiting.TryDequeue(out var next))
            {
                return next;
            }

            if (_leftOut > 0)
            {
                var count = _leftOut;
                _leftOut = 0;
                return (leftOut(count), null);
            }

            _runs = false;
            return null;
        }
    }
}
