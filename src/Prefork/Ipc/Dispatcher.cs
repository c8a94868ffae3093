using System.Collections.Concurrent;
using System.Diagnostics;

namespace Prefork.Ipc;

/// <summary>
/// Runs what is the user's (event handlers) one at a time and in order, as Node's event loop would, at the end of the loop's turns.
/// An exception of a handler is an unhandled exception, as in any callback of .NET's.
/// </summary>
internal sealed class Dispatcher
{
    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(1);

    private readonly EventLoop _loop;
    private readonly Action _request;
    private readonly ConcurrentQueue<Action> _queue = new();
    private int _running;

    internal Dispatcher(EventLoop loop)
    {
        _loop = loop;
        _request = () => loop.RunAtTurnEnd(this);
    }

    /// <summary>Any thread.</summary>
    internal void Post(Action action)
    {
        _queue.Enqueue(action);
        if (_loop.IsCurrent)
        {
            _request();
        }
        else
        {
            _loop.Post(_request);
        }
    }

    /// <summary>Runs what is queued. By the loop; false when a handler took so long that the loop is another thread's now.</summary>
    internal bool Run()
    {
        var holding = true;

        // Whoever is at it already, in a handler that took long, sees what is queued before he stops.
        while (!_queue.IsEmpty && Interlocked.CompareExchange(ref _running, 1, 0) == 0)
        {
            var started = Stopwatch.GetTimestamp();
            while (_queue.TryDequeue(out var action))
            {
                if (!holding)
                {
                    action();
                    continue;
                }

                holding = _loop.TryRunHandler(action);
                if (holding && Stopwatch.GetElapsedTime(started) > Budget)
                {
                    // Many quick ones hold up the loop as well as a slow one does: it has a turn in between.
                    Interlocked.Exchange(ref _running, 0);
                    _loop.Post(_request);
                    return true;
                }
            }

            Interlocked.Exchange(ref _running, 0);
        }

        return holding;
    }
}
