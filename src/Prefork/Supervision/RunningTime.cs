namespace Prefork.Supervision;

/// <summary>
/// A clock that does not count time in which this process did not run: a suspended machine, a stopped process. What a deadline was about may have come to pass
/// meanwhile, and waits in a socket to be seen.
/// </summary>
/// <remarks>
/// It is looked at often, since every timer of its own does so: a gap that is much longer is a pause, and counts as one look that came in time, so that time
/// goes on, if slowly, in a process that is starved of processor. The time of day is the system's.
/// </remarks>
internal sealed class RunningTime(TimeProvider inner) : TimeProvider
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_longestGap = TimeSpan.FromSeconds(2);

    /// <summary>How long a timer runs at least after its first pause, so that what came meanwhile is seen before.</summary>
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long _last = inner.GetTimestamp();
    private long _paused;

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow();

    public override long GetTimestamp() => Look().Now;

    /// <param name="callback">Called on the inner clock's thread.</param>
    /// <param name="state">Given to it.</param>
    /// <param name="dueTime">When.</param>
    /// <param name="period">Infinite: each is called once.</param>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private (long Now, long Paused) Look()
    {
        lock (_lock)
        {
            var now = inner.GetTimestamp();
            if (inner.GetElapsedTime(_last, now) > s_longestGap)
            {
                _paused += now - _last - (long)(s_look.TotalSeconds * inner.TimestampFrequency);
            }

            _last = now;
            return (now - _paused, _paused);
        }
    }

    private sealed class Timer : ITimer
    {
        private readonly Lock _lock = new();
        private readonly RunningTime _time;
        private readonly TimerCallback _callback;
        private readonly object? _state;
        private readonly ITimer _inner;
        private long _start;
        private TimeSpan? _due;
        private long _paused;
        private bool _hasGrace;

        internal Timer(RunningTime time, TimerCallback callback, object? state)
        {
            (_time, _callback, _state) = (time, callback, state);
            _inner = time.InnerTimer(OnLook, this);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (period != Timeout.InfiniteTimeSpan)
            {
                throw new NotSupportedException("A timer of this clock is due once.");
            }

            lock (_lock)
            {
                (_start, _paused) = _time.Look();
                _due = dueTime == Timeout.InfiniteTimeSpan ? null : dueTime;
                _hasGrace = true;
                return Arm(dueTime);
            }
        }

        public void Dispose() => _inner.Dispose();

        public ValueTask DisposeAsync() => _inner.DisposeAsync();

        private static void OnLook(object? timer) => ((Timer)timer!).OnLook();

        private void OnLook()
        {
            lock (_lock)
            {
                if (_due is not { } due)
                {
                    return;
                }

                var (now, paused) = _time.Look();
                var left = due - _time.GetElapsedTime(_start, now);
                if (paused != _paused && _hasGrace && left < s_grace)
                {
                    _hasGrace = false;
                    _due = due + (s_grace - left);
                    left = s_grace;
                }

                _paused = paused;

                if (left > TimeSpan.Zero)
                {
                    Arm(left);
                    return;
                }

                _due = null;
            }

            _callback(_state);
        }

        /// <summary>Whole milliseconds are what the system's timers count in: less would be none.</summary>
        private bool Arm(TimeSpan left)
            => _inner.Change(left == Timeout.InfiniteTimeSpan ? left : TimeSpan.FromMilliseconds(Math.Ceiling(Math.Min(left.TotalMilliseconds, s_look.TotalMilliseconds))), Timeout.InfiniteTimeSpan);
    }

    private ITimer InnerTimer(TimerCallback callback, object state) => inner.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
}
