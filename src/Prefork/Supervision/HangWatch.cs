namespace Prefork.Supervision;

/// <summary>
/// How long a worker has not answered, in heartbeats of ours. A heartbeat of ours that is itself late says nothing of the worker: then we begin anew.
/// </summary>
internal sealed class HangWatch(TimeSpan interval, TimeSpan timeout)
{
    private long? _lastBeat;
    private Task? _ping;
    private int _missed;

    /// <summary>Called often; now and then it pings. True when the worker hangs.</summary>
    internal bool Beat(TimeProvider time, Func<Task> ping)
    {
        var now = time.GetTimestamp();
        if (_lastBeat is { } last)
        {
            var elapsed = time.GetElapsedTime(last, now);
            if (elapsed < interval)
            {
                return false;
            }

            if (elapsed > interval + TimeSpan.FromTicks(Math.Max(interval.Ticks, TimeSpan.TicksPerSecond * 2)))
            {
                _missed = 0;
                _ping = null;
            }
        }

        _lastBeat = now;
        if (_ping is { IsCompleted: false })
        {
            _missed++;
            return interval * _missed >= timeout;
        }

        _missed = 0;
        _ping = ping();

        // A worker that is gone is no worker that hangs: its end is seen otherwise.
        _ = _ping.ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return false;
    }
}
