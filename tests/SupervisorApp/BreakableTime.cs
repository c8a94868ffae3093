namespace SupervisorApp;

/// <summary>The system's clock, of which the next timer cannot be made when a test says so: an error that nobody has thought of.</summary>
internal sealed class BreakableTime : TimeProvider
{
    private static int s_breaks;

    internal static void Break() => Volatile.Write(ref s_breaks, 1);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        => Interlocked.Exchange(ref s_breaks, 0) == 0 ? base.CreateTimer(callback, state, dueTime, period) : throw new NotSupportedException("no timer could be made");
}
