using System.Collections.Concurrent;
using Prefork.Native;

namespace Prefork.Ipc;

/// <summary>
/// Waits for descriptors and posted actions and runs them one at a time. Whatever state it owns needs no lock. Nothing of ours that runs here
/// may block.
/// </summary>
/// <remarks>
/// The loop is a baton, and one thread holds it. At the end of a turn, with nothing of the loop's on the stack, that thread may run
/// the user's handlers itself, which saves a message two hops between threads. A handler is not trusted to be quick: when one takes longer
/// than a tick, <see cref="LoopWatch"/> takes the baton away and gives it to another thread, and the loop goes on; the first thread
/// finds that out when the handler returns. So no user code ever holds the loop's state, and none holds it up for more than a tick or two.
/// </remarks>
internal sealed class EventLoop : IDisposable
{
    private const long WakeToken = 0;

    private readonly string _name;
    private readonly Epoll _epoll = new();
    private readonly WakeEvent _wake = new();
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly Dictionary<long, Action<uint>> _callbacks = [];
    private readonly LoopWatch _watch;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Thread? _holder;
    private Dispatcher? _turnEnd;
    private long _lastToken = WakeToken;
    private volatile bool _stopping;
    private int _wakePending;

    internal EventLoop(string name)
    {
        _name = name;
        _epoll.Add(_wake.Descriptor, Linux.EPOLLIN, WakeToken);
        _watch = new LoopWatch(name, StartHolder);
        StartHolder();
    }

    /// <summary>Whether the caller is the loop itself, and so may touch its state; false inside a handler of the user's.</summary>
    internal bool IsCurrent => Thread.CurrentThread == _holder && !_watch.IsInHandler;

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

    /// <summary>Ends the loop after what is posted by now has run. The descriptors still watched stay their owners'.</summary>
    public void Dispose()
    {
        Post(() => _stopping = true);
        if (!IsCurrent)
        {
            _ended.Task.Wait();
        }
    }

    /// <summary>Gives the baton to a new thread: at the start, and when the holder is stuck in a handler.</summary>
    private void StartHolder()
    {
        var thread = new Thread(Run) { IsBackground = true, Name = _name };
        _holder = thread;
        thread.Start();
    }

    /// <summary>An exception that gets here is a defect of ours. Nothing can go on without the loop: the process ends, and everybody sees why.</summary>
    private void Run()
    {
        while (!_stopping)
        {
            var count = _epoll.Wait();
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
                if (!_watch.TryWake())
                {
                    dispatcher.Schedule();
                }
                else if (!dispatcher.RunInline(_watch))
                {
                    // The baton is somebody else's by now.
                    return;
                }
            }
        }

        _watch.Dispose();
        _epoll.Dispose();
        _wake.Dispose();
        _ended.SetResult();
    }

    private void RunPosted()
    {
        _wake.Reset();
        Volatile.Write(ref _wakePending, 0);
        while (_posted.TryDequeue(out var action))
        {
            action();
        }
    }
}
