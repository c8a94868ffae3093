namespace Prefork.Tests.Supervision;

/// <summary>A clock that stands still until it is moved. Timers that are due are called then, each as late as the clock was moved.</summary>
internal sealed class ManualTime : TimeProvider
{
    private DateTimeOffset _now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly List<ManualTimer> _timers = [];

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now.Ticks;

    public override DateTimeOffset GetUtcNow() => _now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        _timers.Add(timer);
        return timer;
    }

    internal void Advance(double seconds)
    {
        _now += TimeSpan.FromSeconds(seconds);
        while (_timers.Find(timer => timer.Due <= _now) is { } due)
        {
            due.Call();
        }
    }

    private sealed class ManualTimer(ManualTime time, Action callback) : ITimer
    {
        internal DateTimeOffset? Due { get; private set; }

        internal void Call()
        {
            Due = null;
            callback();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime == Timeout.InfiniteTimeSpan ? null : time._now + dueTime;
            return true;
        }

        public void Dispose() => time._timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
