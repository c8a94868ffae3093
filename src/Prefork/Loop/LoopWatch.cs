namespace Prefork.Loop;

/// <summary>
/// Sees to it that a handler of the user's, run by the thread that holds a loop, does not hold up the loop.
/// It ticks while handlers run, and sleeps when none has run for a while: an idle process has no ticking thread.
/// </summary>
/// <remarks>
/// The turn is a counter, odd while handlers run. Holder and watch both end such a turn by one compare-and-swap, so exactly one of them
/// does: the holder keeps the baton, or the watch has given it away.
/// </remarks>
internal sealed class LoopWatch : IDisposable
{
    private const int TickMilliseconds = 1;
    private const int IdleTicks = 50;

    private readonly Action _giveAway;
    private readonly AutoResetEvent _wake = new(false);
    private long _turn;
    private volatile bool _awake;
    private volatile bool _disposed;

    /// <param name="name">The thread's.</param>
    /// <param name="giveAway">Gives the baton to another thread.</param>
    internal LoopWatch(string name, Action giveAway)
    {
        _giveAway = giveAway;
        new Thread(Run) { IsBackground = true, Name = name }.UnsafeStart();
    }

    /// <summary>The holder enters handlers: several quick ones, or one.</summary>
    internal long Enter()
    {
        var turn = Interlocked.Increment(ref _turn);

        // Asked after the turn is odd: the watch looks at the turn once more after it has said that it sleeps.
        if (!_awake)
        {
            _awake = true;
            _wake.Set();
        }

        return turn;
    }

    /// <summary>They have returned; false when the baton has been given away meanwhile.</summary>
    internal bool TryLeave(long turn) => Interlocked.CompareExchange(ref _turn, turn + 1, turn) == turn;

    public void Dispose()
    {
        _disposed = true;
        _wake.Set();
    }

    private void Run()
    {
        while (!_disposed)
        {
            _wake.WaitOne();
            WatchUntilIdle();
            _awake = false;
            Interlocked.MemoryBarrier();
            if ((Volatile.Read(ref _turn) & 1) != 0)
            {
                _wake.Set();
            }
        }
    }

    private void WatchUntilIdle()
    {
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
                _giveAway();
                last = now + 1;
            }
        }
    }
}
