namespace Prefork.Supervision;

/// <summary>How long a worker has not answered, counted from heartbeat to heartbeat of ours.</summary>
internal sealed class HangWatch(TimeSpan interval, TimeSpan timeout)
{
    private long? _lastBeat;
    private Task? _ping;
    private TimeSpan _silent;

    /// <summary>It could not answer, for somebody holds it: the time counts anew.</summary>
    internal void Excuse() => _silent = TimeSpan.Zero;

    /// <summary>Called often; now and then it pings. True when the worker hangs.</summary>
    internal bool Beat(RunningTime time, Func<Task> ping)
    {
        var now = time.GetTimestamp();
        var elapsed = TimeSpan.Zero;
        if (_lastBeat is { } last)
        {
            elapsed = time.GetElapsedTime(last, now);
            if (elapsed < interval)
            {
                return false;
            }
        }

        _lastBeat = now;
        if (_ping is { IsCompleted: false })
        {
            _silent += elapsed;
            return _silent >= timeout;
        }

        _silent = TimeSpan.Zero;
        _ping = ping();

        // A worker that is gone is no worker that hangs: its end is seen otherwise.
        _ = _ping.ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return false;
    }
}
