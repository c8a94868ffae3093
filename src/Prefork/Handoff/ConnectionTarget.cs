namespace Prefork.Handoff;

/// <summary>
/// A worker as one listener's acceptor sees it. Used by the acceptor's thread alone.
/// Two kinds ship: <see cref="Lane"/> for our own workers and <see cref="NodeHandoff"/> for Node's.
/// </summary>
internal abstract class ConnectionTarget(int workerId, double share)
{
    private double _due;
    private bool _wasInRotation = share > 0;

    internal int WorkerId { get; } = workerId;

    /// <summary>
    /// Which part of the connections it is to get: 1 for what the policy gives it, 0 for none, and between for that part of all, policy or not.
    /// </summary>
    internal double Share { get; private set; } = share;

    /// <summary>Connections that are to be sent to it, and are the acceptor's till then; empty between turns.</summary>
    internal List<int> Batch { get; } = new(Lane.MaxBatch);

    /// <summary>No longer in rotation; stays until the worker has closed its listener or died.</summary>
    internal bool IsLeaving { get; private set; }

    /// <summary>Handed over and not taken yet.</summary>
    internal abstract int Waiting { get; }

    /// <summary>Whether its share is its own, and not what the policy gives it.</summary>
    internal bool HasOwnShare => Share is > 0 and < 1;

    /// <summary>How many connections it may be given now; 0 when it is full, stopped, leaving, or out of rotation.</summary>
    internal int Room => Share > 0 ? Free : 0;

    /// <summary>How many connections it could take now; 0 when it is full, stopped or leaving.</summary>
    protected abstract int Free { get; }

    internal abstract WorkerLoad Load { get; }

    /// <summary>Whether it may hold clients' connections; if not, what it holds was meant for it alone, and is nobody else's to serve.</summary>
    internal bool HoldsClients => _wasInRotation;

    internal void SetShare(double share)
    {
        Share = share;
        _wasInRotation |= share > 0;
        _due = 0;
    }

    /// <summary>A connection is to be placed: counts it towards a share of its own.</summary>
    internal void Accrue() => _due = Math.Min(_due + Share, 1); // What it had no room for is not made up for.

    /// <summary>Whether the connection is this one's by its share, which is then used up.</summary>
    internal bool TakeDue()
    {
        if (_due < 1 || Room <= Batch.Count)
        {
            return false;
        }

        _due -= 1;
        return true;
    }

    /// <summary>Reads the worker's figures.</summary>
    /// <exception cref="ClusterProtocolException">They cannot be.</exception>
    internal abstract void Refresh(long now);

    /// <summary>
    /// Hands over connections, from the first on, and returns how many: those are the target's, and this process's copies are closed
    /// or given on; the rest are still the caller's.
    /// </summary>
    internal abstract int Send(ReadOnlySpan<int> connections, long now);

    /// <summary>Ends the intake: the worker reads what it already has, then an end of file.</summary>
    internal virtual void Leave() => IsLeaving = true;

    /// <summary>When the worker has let connections wait too long, takes them back into <paramref name="recovered"/>, which then owns them.</summary>
    internal abstract void TakeBackIfStalled(long now, Queue<int> recovered);

    /// <summary>Nobody else can serve: it is tried again as soon as it takes anything, whatever it has done before.</summary>
    internal virtual void EndPause(long now)
    {
    }

    /// <summary>In how many milliseconds to look at this target again though nothing happens; -1 for never.</summary>
    internal abstract int NextLook(long now);

    /// <summary>
    /// The worker is gone: recovers what it has not received, and closes. False when this process has no descriptors free for them;
    /// then they stay safe in the kernel, and the acceptor asks again.
    /// </summary>
    internal abstract bool TryClose(Queue<int> recovered);
}
