namespace Prefork.AspNetCore.Transport;

/// <summary>
/// A thread that looks at the loop every few milliseconds while the loop runs callbacks, and parks when it has run none for a while.
/// It is woken by the first callback after that: a flag is read for each, a call is made only for the first.
/// </summary>
internal sealed class LoopWatch
{
    private const int Interval = 2;
    private const int IdleLooks = 25;

    private readonly IoLoop _loop;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly PutOffSends _putOff = new();
    private int _parked;
    private volatile bool _stopping;

    internal LoopWatch(IoLoop loop)
    {
        _loop = loop;
        new Thread(Run) { IsBackground = true, Name = "prefork io watch" }.UnsafeStart();
    }

    internal void WakeIfParked()
    {
        if (Volatile.Read(ref _parked) != 0 && Interlocked.Exchange(ref _parked, 0) != 0)
        {
            _wake.Release();
        }
    }

    /// <summary>Sends for a connection at the next look, if it has not sent by then.</summary>
    internal void SendLater(ClusterConnection connection)
    {
        _putOff.Add(connection);
        WakeIfParked();
    }

    internal void Stop()
    {
        _stopping = true;
        _wake.Release();
    }

    private void Run()
    {
        var idle = IdleLooks;
        var seen = 0L;
        while (!_stopping)
        {
            if (idle >= IdleLooks)
            {
                Park(seen);
                idle = 0;
                continue;
            }

            Thread.Sleep(Interval);
            var callbacks = _loop.Callbacks;
            idle = callbacks == seen && !_loop.IsInCallback && _putOff.IsEmpty ? idle + 1 : 0;
            seen = callbacks;
            _loop.Look();
            _putOff.SendAll();
        }
    }

    private void Park(long seen)
    {
        Interlocked.Exchange(ref _parked, 1);
        if ((_loop.Callbacks != seen || _loop.IsInCallback || !_putOff.IsEmpty) && Interlocked.Exchange(ref _parked, 0) != 0)
        {
            return;
        }

        // Whoever took the flag down has released it, or will.
        _wake.Wait();
    }
}
