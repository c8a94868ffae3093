using System.Diagnostics;

namespace Prefork.AspNetCore.Transport;

/// <content>What the watch sees and does. Its fields are the watch's alone, but for those that say who may go on, and how.</content>
internal sealed partial class IoLoop
{
    private const int TooLong = 50;
    private const int FirstPenalty = 1000;
    private const int LastPenalty = 16000;
    private const int WindowTicks = 16;
    private const int SlowCallback = 300;

    private volatile LoopThread? _thread;
    private volatile CallbackFrame? _frame;
    private volatile bool _inline = true;
    private volatile bool _strayed;
    private long _inlineAgain;
    private bool _hasSpare;

    private long _seen;
    private long _seenAt;
    private long _seenUsed;
    private int _seenCollections;
    private int _penalty;
    private int _ticks;
    private long _windowCallbacks;
    private long _windowUsed;
    private long _windowAt;

    /// <summary>How many callbacks have begun; for the watch, to see whether there is anything to watch.</summary>
    internal long Callbacks => Volatile.Read(ref _callbacks);

    internal bool IsInCallback => (Volatile.Read(ref _gate) & InCallback) != 0;

    /// <summary>
    /// One look. The same callback seen twice may block or compute; or it may be the collector that stopped it, or the kernel,
    /// which gave its processor to others: then nobody else would do better, and it is left alone for longer.
    /// </summary>
    internal void Look()
    {
        var thread = _thread;
        var gate = Volatile.Read(ref _gate);
        var callbacks = Callbacks;
        var now = Stopwatch.GetTimestamp();
        var used = thread?.Used() ?? 0;
        Average(callbacks, now, used);
        if ((gate & InCallback) == 0 || callbacks != _seen)
        {
            _seen = callbacks;
            _seenAt = now;
            _seenUsed = used;
            _seenCollections = GC.CollectionCount(0);
            return;
        }

        var elapsed = Stopwatch.GetElapsedTime(_seenAt, now);
        if (elapsed.TotalMilliseconds < TooLong && thread is not null)
        {
            var collections = GC.CollectionCount(0);
            var collected = collections != _seenCollections;
            _seenCollections = collections;
            if (collected || (used - _seenUsed < elapsed.TotalMicroseconds / 2 && thread.IsRunnable()))
            {
                return;
            }
        }

        TakeOver(gate, elapsed);
    }

    private void TakeOver(long gate, TimeSpan elapsed)
    {
        var frame = _frame;

        // Before the turn is taken: its new owner must not keep callbacks, and the old one clears the flag when it is back.
        _strayed = true;
        Dispatch();
        if (Interlocked.CompareExchange(ref _gate, (gate & ~InCallback) + 2, gate) != gate)
        {
            // It ended just now: the loop is not lost, but the next callback may be as slow.
            _strayed = false;
            return;
        }

        // What the callback has flushed shall not wait for its end.
        frame?.End();
        if (!_hasSpare)
        {
            _hasSpare = true;
            StartThread();
        }

        _turns.Release();
        _ticks = 0;
        TransportLog.HandedOver(_logger, elapsed.TotalMilliseconds, _penalty);
    }

    /// <summary>Callbacks that are none of them too long, but long enough that more threads should share them.</summary>
    private void Average(long callbacks, long now, long used)
    {
        if (_ticks++ % WindowTicks != 0)
        {
            return;
        }

        var computed = used - _windowUsed;
        var ran = callbacks - _windowCallbacks;
        var elapsed = Stopwatch.GetElapsedTime(_windowAt, now).TotalMicroseconds;
        _windowAt = now;
        _windowUsed = used;
        _windowCallbacks = callbacks;
        if (_ticks > 1 && _inline && ran > 0 && computed > elapsed / 2 && computed / ran > SlowCallback)
        {
            Dispatch();
            TransportLog.Shared(_logger, computed / ran, _penalty);
        }
    }

    /// <summary>Sends callbacks to the pool; for twice as long each time that running them here did not go well for as long.</summary>
    private void Dispatch()
    {
        var now = Environment.TickCount64;
        _penalty = _penalty == 0 || now - Volatile.Read(ref _inlineAgain) > _penalty ? FirstPenalty : Math.Min(_penalty * 2, LastPenalty);
        Volatile.Write(ref _inlineAgain, now + _penalty);
        _inline = false;
    }

    /// <summary>On the loop, once for each fetch.</summary>
    private void ConsiderInline()
    {
        if (!_inline && !_strayed && Environment.TickCount64 >= Volatile.Read(ref _inlineAgain))
        {
            _inline = true;
        }
    }
}
