using Microsoft.Extensions.Logging;
using Prefork.Loop;

namespace Prefork.AspNetCore.Transport;

/// <summary>
/// Waits for the worker's connections, and runs what they make ready: a small request is received, handled and answered on one thread.
/// </summary>
/// <remarks>
/// The application's callbacks run on that thread too, and may block it. So the loop is not a thread but a right, and it changes hands:
/// <list type="bullet">
/// <item>A thread has the right while the turn in <see cref="_gate"/> is its own. It handles an event, holding nothing afterwards,
/// then marks the gate and runs at most one callback, and may go on only if it can take the mark off again.</item>
/// <item>A watch (<see cref="LoopWatch"/>) that finds the same callback running for too long takes the mark off itself, with a new turn,
/// which a second thread begins where the first one stopped: the events already fetched are the loop's, not the thread's.</item>
/// <item>The first thread finds its turn over when the callback ends, and becomes the spare. Until then, and for a while after,
/// callbacks go to the thread pool: so there are never more than two threads, and slow handlers run as they do in plain Kestrel.</item>
/// </list>
/// </remarks>
internal sealed partial class IoLoop : IDisposable
{
    private const long InCallback = 1;
    private const long WakeToken = -1;
    private const int ReadsPerCallback = 8;

    [ThreadStatic]
    private static IoLoop? t_handling;

    [ThreadStatic]
    private static bool t_isLoop;

    [ThreadStatic]
    private static int t_reads;

    [ThreadStatic]
    private static CallbackFrame? t_frame;

    private readonly EpollSet _epoll = new();
    private readonly ConnectionTable _connections = new();
    private readonly Descriptor _wake = Descriptor.From(Libc.EventFd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK), "create an eventfd");
    private readonly SemaphoreSlim _turns = new(0);
    private readonly LoopWatch _watch;
    private readonly ILogger _logger;

    // Those who have the right read and write these; it is handed over with a full fence.
    private int _count;
    private int _next;
    private Action<object?>? _action;
    private object? _state;

    private long _gate;
    private long _callbacks;
    private volatile bool _stopping;

    internal IoLoop(ILogger logger)
    {
        _logger = logger;
        _watch = new LoopWatch(this);
        _epoll.TryAdd(_wake, Libc.EPOLLIN, WakeToken);
        _turns.Release();
        StartThread();
    }

    /// <summary>Keeps what an event made ready until its handling is over. Refused elsewhere than on the loop, and while callbacks go to the pool.</summary>
    internal static bool TryKeep(Action<object?> action, object? state)
    {
        var loop = t_handling;
        if (loop is null || loop._action is not null || !loop._inline)
        {
            return false;
        }

        loop._action = action;
        loop._state = state;
        return true;
    }

    /// <summary>Whether this thread handles an event, and will run a callback when that is over.</summary>
    internal static bool HasKept => t_handling is { _action: not null };

    /// <summary>Whether a callback may receive more by itself. On the loop only so much, or an upload would keep the others waiting.</summary>
    internal static bool MayReceive() => !t_isLoop || --t_reads >= 0;

    /// <summary>
    /// Puts off sending until the callback under way on this thread is over, so that what it flushes piece by piece leaves as one.
    /// Refused elsewhere than on the loop: nobody would notice a callback that flushes, and then blocks.
    /// </summary>
    internal static bool TryPutOff(ClusterConnection connection) => t_frame?.TryPutOff(connection) ?? false;

    /// <summary>For callbacks that are not the loop's: sends soon, in case nothing follows that does.</summary>
    internal void SendLater(ClusterConnection connection) => _watch.SendLater(connection);

    /// <summary>Gives the connection its place among those that are watched. Its closing takes it out of the table; the kernel forgets it when the descriptor closes.</summary>
    internal bool Watch(ClusterConnection connection, uint interest) => _epoll.TryAdd(connection.Handle, interest, _connections.Add(connection));

    /// <summary>Asks for what is ready now to be reported again.</summary>
    internal void WatchAgain(ClusterConnection connection, uint interest) => _epoll.TryModify(connection.Handle, interest, connection.Token);

    internal void Forget(ClusterConnection connection) => _connections.Remove(connection.Token);

    /// <summary>Any thread.</summary>
    internal void RequestCloseOfHttp2()
    {
        foreach (var connection in _connections.Snapshot())
        {
            connection.RequestCloseOfHttp2();
        }
    }

    /// <summary>The thread that has the turn closes what it waits for; nobody else may be waiting then.</summary>
    public unsafe void Dispose()
    {
        if (_stopping)
        {
            return;
        }

        _stopping = true;
        try
        {
            var one = 1UL;
            _ = Libc.Write(_wake, &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // Whoever had the turn has seen the flag already, and is through.
        }

        _watch.Stop();
        _turns.Release(2);
    }

    private void StartThread() => new Thread(Main) { IsBackground = true, Name = "prefork io" }.UnsafeStart();

    private void Main()
    {
        t_isLoop = true;
        var own = new HandlerThread();
        var thread = LoopThread.Current();
        var frame = new CallbackFrame();
        while (true)
        {
            WaitForTurn();
            if (_stopping)
            {
                return;
            }

            var turn = Volatile.Read(ref _gate) & ~InCallback;
            _thread = thread;
            _frame = frame;
            if (Run(turn, frame, own))
            {
                _epoll.Dispose();
                _wake.Dispose();
                return;
            }

            _strayed = false;
        }
    }

    /// <summary>A handler may keep a reference to this thread and interrupt it later. The interrupt must not end the loop.</summary>
    private void WaitForTurn()
    {
        while (true)
        {
            try
            {
                _turns.Wait();
                return;
            }
            catch (ThreadInterruptedException)
            {
                // The exception has cleared the interrupt.
            }
        }
    }

    /// <summary>True when it was stopped, false when the turn was lost.</summary>
    private bool Run(long turn, CallbackFrame frame, HandlerThread own)
    {
        while (!_stopping)
        {
            if (_next == _count)
            {
                _count = _epoll.Wait();
                _next = 0;
                ConsiderInline();
                continue;
            }

            var (events, token) = _epoll.Event(_next++);
            if (_connections.Find(token) is { } connection)
            {
                t_handling = this;
                connection.OnEvents(events);
                t_handling = null;
                if (_action is not null && !RunCallback(turn, frame, own))
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Runs the kept callback. False when the loop is somebody else's by now.</summary>
    private bool RunCallback(long turn, CallbackFrame frame, HandlerThread own)
    {
        var action = _action!;
        var state = _state;
        _action = null;
        _state = null;
        t_reads = ReadsPerCallback;
        Volatile.Write(ref _callbacks, _callbacks + 1);

        // Before the gate says that there is a callback: the watch may then end the frame.
        frame.Begin();

        // A full fence: the watch, about to park, reads the gate after it says so.
        Interlocked.Exchange(ref _gate, turn | InCallback);
        _watch.WakeIfParked();

        t_frame = frame;
        action(state);
        t_frame = null;
        frame.End();
        own.PutBack();
        return Interlocked.CompareExchange(ref _gate, turn, turn | InCallback) == (turn | InCallback);
    }
}
