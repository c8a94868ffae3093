namespace Prefork.AspNetCore.Transport;

/// <summary>
/// The right to receive, or to send, on one connection. Several threads have a reason to; one does, and the others leave it a note
/// to look once more before it stops. So nobody waits, and nothing that became possible meanwhile is missed.
/// </summary>
internal struct Role
{
    private const int Free = 0;
    private const int Taken = 1;
    private const int TakenWithNote = 2;
    private const int Blocked = 3;
    private const int Ended = 4;

    private int _state;

    internal readonly bool HasEnded => Volatile.Read(in _state) == Ended;

    /// <summary>True: the caller has it. False: its holder has been told, or it is over, or it is blocked and the caller is not the one to end that.</summary>
    internal bool TryTake(bool unblocks)
    {
        while (true)
        {
            var seen = Volatile.Read(ref _state);
            var wanted = seen switch
            {
                Free => Taken,
                Blocked when unblocks => Taken,
                Taken => TakenWithNote,
                _ => seen,
            };
            if (wanted == seen)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _state, wanted, seen) == seen)
            {
                return wanted == Taken;
            }
        }
    }

    /// <summary>False: there is a note, and the caller still has it.</summary>
    internal bool TryLeave(bool blocked = false)
    {
        if (Interlocked.CompareExchange(ref _state, blocked ? Blocked : Free, Taken) == Taken)
        {
            return true;
        }

        Volatile.Write(ref _state, Taken);
        return false;
    }

    /// <summary>Nobody will have it again.</summary>
    internal void End() => Volatile.Write(ref _state, Ended);
}
