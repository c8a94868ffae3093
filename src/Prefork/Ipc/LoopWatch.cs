namespace Prefork.Ipc;

/// <summary>
/// Sees to it that a handler of the user's, run by the thread that holds a loop, does not hold up the loop. It ticks only while
/// handlers run often; while it sleeps, handlers run on the pool, so an idle process has no ticking thread.
/// </summary>
/// <remarks>
/// The turn is a counter, odd while a handler runs. Holder and watch both end a handler's turn by one compare-and-swap, so exactly one of them
/// does: the holder keeps the baton, or the watch has given it away.
/// </remarks>
internal sealed class LoopWatch : IDisposable
{
    private const int TickMilliseconds = 1;
    private const int IdleTicks = 50;

    private readonly string _name;
    private readonly Action _startHolder;
    private readonly AutoResetEvent _wake = new(false);
    private Thread? _thread;
    private long _turn;
    private volatile bool _awake;
    private volatile bool _disposed;

    /// <param name="startHolder">Gives the baton to another thread.</param>
    internal LoopWatch(string loopName, Action startHolder)
    {
        _name = $"{loopName} watch";
        _startHolder = startHolder;
    }

    /// <summary>Whether the holder is inside a handler now.</summary>
    internal bool IsInHandler => (Volatile.Read(ref _turn) & 1) != 0;

    /// <summary>Whether handlers may run on the loop's thread. If not, they may soon: this wakes the watch.</summary>
    internal bool TryWake()
    {
        if (_awake)
        {
            return true;
        }

        _thread ??= StartThread();
        _awake = true;
        _wake.Set();
        return false;
    }

    /// <summary>The holder enters a handler.</summary>
    internal long Enter()
    {
        var turn = Interlocked.Increment(ref _turn);

        // It may have gone to sleep since the holder asked.
        if (!_awake)
        {
            TryWake();
        }

        return turn;
    }

    /// <summary>The handler has returned; false when the baton has been given away meanwhile.</summary>
    internal bool TryLeave(long turn) => Interlocked.CompareExchange(ref _turn, turn + 1, turn) == turn;

    public void Dispose()
    {
        _disposed = true;
        _wake.Set();
    }

    private Thread StartThread()
    {
        var thread = new Thread(Run) { IsBackground = true, Name = _name };
        thread.Start();
        return thread;
    }

    private void Run()
    {
        while (!_disposed)
        {
            _wake.WaitOne();
            var last = Volatile.Read(ref _turn);
            for (var idle = 0; idle < IdleTicks && !_disposed; idle++)
            {
                Thread.Sleep(TickMilliseconds);
                var now = Volatile.Read(ref _turn);
                if (now != last)
                {
                    idle = 0;
                    last = now;
                }
                else if ((now & 1) != 0 && Interlocked.CompareExchange(ref _turn, now + 1, now) == now)
                {
                    _startHolder();
                    last = now + 1;
                }
            }

            _awake = false;
        }
    }
}
