using System.Diagnostics;
using Prefork.Native;

namespace Prefork.Loop;

/// <summary>
/// Waits for a loop's next events. Two who talk with each other answer within microseconds, and waking a thread on a processor that has gone to sleep takes
/// longer than all else that a message costs: so there the loop looks again and again for a moment before it sleeps.
/// </summary>
/// <remarks>
/// Whether that is worth it is tried: after a run of short waits. A moment in vain ends it, and the next try is twice as far away. Between two looks
/// others may have the processor; if they do, the moment is over. Used by whoever holds the loop.
/// </remarks>
internal sealed class EventWait(Epoll epoll)
{
    private const int FirstTry = 16;
    private const int LastTry = 4096;

    /// <summary>A wait that is shorter counts as an answer's. It includes the waking up.</summary>
    private static readonly long Short = Stopwatch.Frequency / 10_000;
    private static readonly long Moment = Stopwatch.Frequency / 20_000;

    // On the only processor nothing can come while it looks.
    private readonly bool _mayLook = Environment.ProcessorCount > 1;
    private int _tryAfter = FirstTry;
    private int _shortWaits;
    private bool _looks;

    /// <summary>How many events there are; at least one.</summary>
    internal int Next()
    {
        if (_looks && Look() is var found and > 0)
        {
            return found;
        }

        var began = Stopwatch.GetTimestamp();
        var count = epoll.Wait();
        if (_mayLook)
        {
            _shortWaits = Stopwatch.GetTimestamp() - began < Short ? _shortWaits + 1 : 0;
            _looks = _shortWaits >= _tryAfter;
        }

        return count;
    }

    private int Look()
    {
        var end = Stopwatch.GetTimestamp() + Moment;
        do
        {
            if (epoll.Wait(blocks: false) is var count and > 0)
            {
                _tryAfter = Math.Max(FirstTry, _tryAfter - 1);
                return count;
            }

            Thread.Yield();
        }
        while (Stopwatch.GetTimestamp() < end);

        _tryAfter = Math.Min(LastTry, _tryAfter * 2);
        _shortWaits = 0;
        return 0;
    }
}
