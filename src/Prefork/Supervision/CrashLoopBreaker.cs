namespace Prefork.Supervision;

/// <summary>
/// Knows when a generation's workers end as fast as they are started. Open, it lets one be tried at a time, with a pause between;
/// one that lasts closes it. Times are since any one instant.
/// </summary>
internal sealed class CrashLoopBreaker(int failures, TimeSpan window, TimeSpan pause)
{
    private readonly Queue<TimeSpan> _recent = new();
    private TimeSpan _last;

    /// <summary>
    /// Whether an end that nobody meant speaks of a crash loop. A worker that served, left of its own accord and ended in order does what it was made to do, however soon;
    /// one that never served has done nothing, whatever its code.
    /// </summary>
    /// <param name="exit">Null when it could not be started.</param>
    /// <param name="served">Null when it never did.</param>
    /// <param name="minUptime">One that served so long has lasted.</param>
    internal static bool IsFailure(WorkerExit? exit, TimeSpan? served, TimeSpan minUptime)
        => served is null || (served < minUptime && exit is not { Asked: true, Code: null or 0 });

    internal bool IsOpen { get; private set; }

    /// <summary>Since when it is open, or was.</summary>
    internal TimeSpan OpenedAt { get; private set; }

    /// <summary>When the next one may be tried; only while open.</summary>
    internal TimeSpan NextTry => _last + pause;

    /// <summary>A worker has ended that did not last. Returns whether that opens the breaker.</summary>
    internal bool Fail(TimeSpan now)
    {
        _last = now;
        _recent.Enqueue(now);
        while (_recent.Peek() < now - window)
        {
            _recent.Dequeue();
        }

        if (IsOpen || _recent.Count < failures)
        {
            return false;
        }

        IsOpen = true;
        OpenedAt = now;
        return true;
    }

    /// <summary>Whether nobody has failed for as long as failures count.</summary>
    internal bool IsQuiet(TimeSpan now) => now - _last >= window;

    /// <summary>What shows that it is no crash loop any more has come about. Returns whether that closes it.</summary>
    internal bool Succeed()
    {
        _recent.Clear();
        return IsOpen && !(IsOpen = false);
    }
}
