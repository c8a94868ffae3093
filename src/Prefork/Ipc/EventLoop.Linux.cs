using System.Collections.Concurrent;
using Prefork.Native;

namespace Prefork.Ipc;

/// <summary>
/// One thread that waits for descriptors and posted actions and runs them one at a time. Whatever state it owns needs no lock.
/// Nothing that runs here may block, and no code of the user's runs here.
/// </summary>
internal sealed class EventLoop : IDisposable
{
    private const long WakeToken = 0;

    private readonly Epoll _epoll = new();
    private readonly WakeEvent _wake = new();
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly Dictionary<long, Action<uint>> _callbacks = [];
    private readonly Thread _thread;
    private long _lastToken = WakeToken;
    private volatile bool _stopping;
    private int _wakePending;

    internal EventLoop(string name)
    {
        _epoll.Add(_wake.Descriptor, Linux.EPOLLIN, WakeToken);
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    internal bool IsCurrent => Thread.CurrentThread == _thread;

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

    /// <summary>Ends the thread after what is posted by now has run. The descriptors still watched stay their owners'.</summary>
    public void Dispose()
    {
        Post(() => _stopping = true);
        if (!IsCurrent)
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        // An exception that gets here is a defect of ours. Nothing can go on without the loop: the process ends, and everybody sees why.
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
        }

        _epoll.Dispose();
        _wake.Dispose();
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
