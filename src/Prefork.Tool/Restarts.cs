namespace Prefork.Tool;

/// <summary>
/// When a dead worker is replaced: at once the first time, then later and later, as long as none comes to work; and not at all any more
/// when none ever has.
/// </summary>
internal sealed class Restarts(TimeProvider time)
{
    /// <summary>So many in a row, and none that ever listened: the program does not work.</summary>
    internal const int MostFailures = 5;

    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);

    /// <summary>A worker that dies so long after one came to work does not belong to the failures before.</summary>
    private static readonly TimeSpan s_calm = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private bool _everWorked;
    private int _failures;
    private long _lastDeath;

    /// <summary>A worker listens.</summary>
    internal void Worked()
    {
        lock (_lock)
        {
            _everWorked = true;
        }
    }

    /// <summary>A worker has died: how long to wait before another is started; null to give up.</summary>
    internal TimeSpan? Next()
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (_failures > 0 && time.GetElapsedTime(_lastDeath, now) > s_calm)
            {
                _failures = 0;
            }

            _lastDeath = now;
            _failures++;
            if (!_everWorked && _failures >= MostFailures)
            {
                return null;
            }

            // The spread keeps workers that died together from coming back together, for ever.
            var delay = Math.Min(s_first.TotalSeconds * Math.Pow(2, _failures - 2), s_longest.TotalSeconds);
            return _failures == 1 ? TimeSpan.Zero : TimeSpan.FromSeconds(delay * (0.75 + (Random.Shared.NextDouble() / 2)));
        }
    }
}
