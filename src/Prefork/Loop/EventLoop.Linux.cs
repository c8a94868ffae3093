using System.Collections.Concurrent;
using Prefork.Native;

namespace Prefork.Loop;

/// <summary>
/// Waits for descriptors and posted actions and runs them one at a time. Whatever state it owns needs no lock. Nothing of ours that runs here
/// may block.
/// </summary>
/// <remarks>
/// The loop is a baton, and one of two threads holds it. At the end of a turn, with nothing of the loop's on the stack, that thread runs
/// the user's handlers itself, which saves a message two hops between threads, and a starved thread pool holds up nothing.
/// A handler is not trusted to be quick: when one takes longer than a tick, <see cref="LoopWatch"/> gives the baton to the other thread,
/// and the loop goes on; the first thread finds that out when the handler returns, and waits for its turn. Handlers run one at a time,
/// so two threads are enough; both are there from the start, because out of descriptors .NET cannot start one.
/// So no user code ever holds the loop's state, and none holds it up for more than a tick or two.
/// </remarks>
internal sealed class EventLoop : IDisposable
{
    private const long WakeToken = 0;

    [ThreadStatic] private static EventLoop? s_held;

    private readonly SemaphoreSlim _baton = new(1);
    private readonly Epoll _epoll = new();
    private readonly EventWait _wait;
    private readonly WakeEvent _wake = new();
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly Dictionary<long, Action<uint>> _callbacks = [];
    private readonly LoopWatch _watch;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Dispatcher? _turnEnd;
    private long _lastToken = WakeToken;
    private volatile bool _stopping;
    private int _wakePending;

    internal EventLoop(string name)
    {
        _wait = new EventWait(_epoll);
        _epoll.Add(_wake.Descriptor, Linux.EPOLLIN, WakeToken);
        _watch = new LoopWatch($"{name} watch", () => _baton.Release());
        for (var i = 0; i < 2; i++)
        {
            new Thread(Run) { IsBackground = true, Name = name }.UnsafeStart();
        }
    }

    /// <summary>Whether the caller is the loop itself, and so may touch its state; false inside a handler of the user's.</summary>
    internal bool IsCurrent => s_held == this;

    /// <summary>Runs <paramref name="action"/> on the loop, later; order is kept.</summary>
    internal void Post(Action action)
    {
        _posted.Enqueue(action);
        if (Interlocked.Exchange(ref _wakePending, 1) == 0)
        {
            _wake.Set();
        }
    }

    /// <summary>Runs <paramref name="function"/> on the loop and waits for its result, or its exception.</summary>
    internal T Invoke<T>(Func<T> function)
    {
        if (IsCurrent)
        {
            return function();
        }

        // Not Task.Run: this must work when the thread pool is starved.
        var done = new TaskCompletionSource<T>();
        Post(() =>
        {
            try
            {
                done.SetResult(function());
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        });
        return done.Task.GetAwaiter().GetResult();
    }

    /// <summary>Watches a descriptor, level-triggered; returns the token by which to change or end that. On the loop only.</summary>
    internal long Watch(FileDescriptor descriptor, uint interest, Action<uint> callback)
    {
        var token = ++_lastToken;
        _epoll.Add(descriptor, interest, token);
        _callbacks.Add(token, callback);
        return token;
    }

    internal void Rewatch(FileDescriptor descriptor, uint interest, long token) => _epoll.Modify(descriptor, interest, token);

    /// <summary>Ends the watch; an event already fetched for the token is dropped.</summary>
    internal void Unwatch(FileDescriptor descriptor, long token)
    {
        if (_callbacks.Remove(token))
        {
            _epoll.Remove(descriptor);
        }
    }

    /// <summary>There are handlers to run when this turn is over. On the loop only.</summary>
    internal void RunAtTurnEnd(Dispatcher dispatcher) => _turnEnd = dispatcher;

    /// <summary>From here on the thread runs handlers of the user's, without the baton's rights; <see cref="TryLeaveHandlers"/> ends it.</summary>
    internal long EnterHandlers()
    {
        s_held = null;
        return _watch.Enter();
    }

    /// <summary>The handlers have returned; false when the baton has been given away meanwhile.</summary>
    internal bool TryLeaveHandlers(long turn)
    {
        if (!_watch.TryLeave(turn))
        {
            return false;
        }

        s_held = this;
        return true;
    }

    /// <summary>Ends the loop after what is posted by now has run. The descriptors still watched stay their owners'.</summary>
    public void Dispose()
    {
        Post(() => _stopping = true);
        if (!IsCurrent)
        {
            _ended.Task.Wait();
        }
    }

    private void Run()
    {
        var thread = new HandlerThread();
        while (!_stopping)
        {
            WaitForBaton();
            if (_stopping)
            {
                return;
            }

            s_held = this;
            HoldBaton(thread);
        }

        // The other thread has nothing to wait for any more.
        _baton.Release();
        _watch.Dispose();
        _epoll.Dispose();
        _wake.Dispose();
        _ended.TrySetResult();
    }

    /// <summary>A handler may keep a reference to this thread and interrupt it later. The interrupt must not end the loop.</summary>
    private void WaitForBaton()
    {
        while (true)
        {
            try
            {
                _baton.Wait();
                return;
            }
            catch (ThreadInterruptedException)
            {
                // The exception has cleared the interrupt.
            }
        }
    }

    /// <summary>
    /// Returns when the loop is to end, or when a handler took so long that the baton is somebody else's. An exception that gets here
    /// is a defect of ours, or of a handler: the process ends, and everybody sees why.
    /// </summary>
    private void HoldBaton(HandlerThread thread)
    {
        while (!_stopping)
        {
            var count = _wait.Next();
            for (var i = 0; i < count; i++)
            {
                var (events, token) = _epoll.Event(i);
                if (token == WakeToken)
                {
                    RunPosted();
                }
                else if (_callbacks.TryGetValue(token, out var callback))
                {
                    callback(events);
                }
            }

            if (_turnEnd is { } dispatcher)
            {
                _turnEnd = null;
                if (!dispatcher.Run(thread))
                {
                    return;
                }
            }
        }
    }

    private void RunPosted()
    {
        _wake.Reset();

        // A full fence: whoever still finds the flag up has queued before we look, and is seen.
        Interlocked.Exchange(ref _wakePending, 0);
        while (_posted.TryDequeue(out var action))
        {
            action();
        }
    }
}
