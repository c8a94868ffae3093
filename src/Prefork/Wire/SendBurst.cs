using System.Diagnostics;

namespace Prefork.Wire;

/// <summary>
/// Decides when a line is held back a moment, so that the ones after it go out in the same system call.
/// </summary>
/// <remarks>
/// A caller that awaits each send gains nothing by it, and looks the same as one that does not: its sends end at once, so the next comes
/// at once. So it is tried: after a run of sends in quick succession one is held back. If others join it before it is written, the caller
/// does not wait for each, and gathering goes on; if none does, the next try is twice as far away.
/// Under the channel's write lock.
/// </remarks>
internal struct SendBurst
{
    private const int FirstTry = 16;
    private const int LastTry = 4096;
    private static readonly long QuickSuccession = Stopwatch.Frequency / 50_000;

    private long _lastSend;
    private int _inSuccession;
    private int _tryAfter;

    /// <summary>Whether to hold this line back, with an idle channel.</summary>
    internal bool ShouldGather()
    {
        var now = Stopwatch.GetTimestamp();
        var quick = now - _lastSend < QuickSuccession;
        _lastSend = now;
        _inSuccession = quick ? _inSuccession + 1 : 0;
        if (_tryAfter < 0)
        {
            return true;
        }

        if (_inSuccession < Math.Max(FirstTry, _tryAfter))
        {
            return false;
        }

        _inSuccession = 0;
        return true;
    }

    /// <summary>So many lines were written together.</summary>
    internal void Written(int lines)
        => _tryAfter = lines > 1 ? -1 : Math.Min(LastTry, Math.Max(FirstTry, _tryAfter * 2));
}
