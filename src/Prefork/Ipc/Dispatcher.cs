using System.Collections.Concurrent;

namespace Prefork.Ipc;

/// <summary>
/// Runs what is the user's (event handlers) one at a time and in order, as Node's event loop would: on the loop's thread at the end of
/// a turn, or on the thread pool. An exception of a handler is an unhandled exception, as in any callback of .NET's.
/// </summary>
internal sealed class Dispatcher(EventLoop loop) : IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<Action> _queue = new();
    private int _running;

    internal void Post(Action action)
    {
        _queue.Enqueue(action);
        if (loop.IsCurrent)
        {
            loop.RunAtTurnEnd(this);
        }
        else
        {
            Schedule();
        }
    }

    /// <summary>Lets the thread pool run what is queued.</summary>
    internal void Schedule()
    {
        if (Interlocked.CompareExchange(ref _running, 1, 0) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Runs what is queued on the loop's thread; false when a handler took so long that the loop has gone to another thread.</summary>
    internal bool RunInline(LoopWatch watch)
    {
        // Somebody is at it: he sees what is queued before he stops.
        if (Interlocked.CompareExchange(ref _running, 1, 0) != 0)
        {
            return true;
        }

        while (_queue.TryDequeue(out var action))
        {
            var turn = watch.Enter();
            action();
            if (!watch.TryLeave(turn))
            {
                Drain();
                return false;
            }
        }

        Interlocked.Exchange(ref _running, 0);
        if (!_queue.IsEmpty)
        {
            Schedule();
        }

        return true;
    }

    void IThreadPoolWorkItem.Execute() => Drain();

    private void Drain()
    {
        do
        {
            while (_queue.TryDequeue(out var action))
            {
                action();
            }

            Interlocked.Exchange(ref _running, 0);
        }
        while (!_queue.IsEmpty && Interlocked.CompareExchange(ref _running, 1, 0) == 0);
    }
}
