using System.Collections.Concurrent;

namespace Prefork.Ipc;

/// <summary>
/// Runs what is the user's (event handlers) on the thread pool, one at a time and in order, as Node's event loop would.
/// An exception of a handler is an unhandled exception, as in any callback of .NET's.
/// </summary>
internal sealed class Dispatcher : IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<Action> _queue = new();
    private int _running;

    internal void Post(Action action)
    {
        _queue.Enqueue(action);
        if (Interlocked.CompareExchange(ref _running, 1, 0) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute()
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
