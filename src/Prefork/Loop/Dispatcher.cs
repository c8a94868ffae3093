using System.Collections.Concurrent;
using System.Diagnostics;

namespace Prefork.Loop;

/// <summary>
/// Runs what is the user's (event handlers) one at a time and in order, as Node's event loop would, at the end of the loop's turns.
/// An exception of a handler is an unhandled exception, as in any callback of .NET's: see <see cref="UserCode"/>.
/// </summary>
internal sealed class Dispatcher
{
    /// <summary>Below the tick of <see cref="LoopWatch"/>: quick handlers give the loop back before the watch gives it away.</summary>
    private static readonly long Budget = Stopwatch.Frequency / 2000;

    /// <summary>Asking for the time costs as much as a small handler.</summary>
    private const int HandlersPerLook = 8;

    private readonly EventLoop _loop;
    private readonly Action _request;
    private readonly ConcurrentQueue<IDispatched> _queue = new();
    private int _running;

    internal Dispatcher(EventLoop loop)
    {
        _loop = loop;
        _request = () => loop.RunAtTurnEnd(this);
    }

    /// <summary>Any thread.</summary>
    internal void Post(Action action) => Post(new DispatchedAction(action));

    /// <summary>Any thread.</summary>
    internal void Post(IDispatched item)
    {
        _queue.Enqueue(item);
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
    internal bool Run(HandlerThread thread)
    {
        var holding = true;

        // Whoever is at it already, in a handler that took long, sees what is queued before he stops.
        while (!_queue.IsEmpty && Interlocked.CompareExchange(ref _running, 1, 0) == 0)
        {
            if (holding)
            {
                var turn = _loop.EnterHandlers();
                var emptied = RunForBudget(thread);
                holding = _loop.TryLeaveHandlers(turn);
                if (holding && !emptied)
                {
                    // Many quick ones hold up the loop as well as a slow one does: it has a turn in between.
                    Interlocked.Exchange(ref _running, 0);
                    _loop.Post(_request);
                    return true;
                }
            }

            while (!holding && _queue.TryDequeue(out var item))
            {
                UserCode.Run(item);
                thread.PutBack();
            }

            Interlocked.Exchange(ref _running, 0);
        }

        return holding;
    }

    private bool RunForBudget(HandlerThread thread)
    {
        var end = Stopwatch.GetTimestamp() + Budget;
        for (var ran = 1; _queue.TryDequeue(out var item); ran++)
        {
            UserCode.Run(item);
            thread.PutBack();
            if (ran % HandlersPerLook == 0 && Stopwatch.GetTimestamp() > end)
            {
                return false;
            }
        }

        return true;
    }

    private sealed class DispatchedAction(Action action) : IDispatched
    {
        public void Run() => action();
    }
}
