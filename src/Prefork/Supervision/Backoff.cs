namespace Prefork.Supervision;

/// <summary>How long a slot waits before its worker is started again.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan longest, TimeSpan minUptime, Random random)
{
    private int _inARow;

    /// <summary>The delay after a worker that served so long has ended.</summary>
    internal TimeSpan Next(TimeSpan served)
    {
        _inARow = served >= minUptime ? 1 : _inARow + 1;
        if (_inARow == 1)
        {
            return TimeSpan.Zero;
        }

        // The exponent is bounded: 2^30 times any first delay is longer than the longest.
        var delay = Math.Min(first.TotalSeconds * Math.Pow(2, Math.Min(_inARow - 2, 30)), longest.TotalSeconds);
        return TimeSpan.FromSeconds(delay * (0.75 + (random.NextDouble() / 2)));
    }
}
