namespace Prefork.Handles;

/// <summary>
/// A worker as one listener's acceptor sees it. Used by the acceptor's thread alone.
/// Two kinds ship: <see cref="Lane"/> for our own workers and <see cref="NodeHandoff"/> for Node's.
/// </summary>
internal abstract class ConnectionTarget(int workerId)
{
    internal int WorkerId { get; } = workerId;

    /// <summary>Connections that are to be sent to it, and are the acceptor's till then; empty between turns.</summary>
    internal List<int> Batch { get; } = new(Lane.MaxBatch);

    /// <summary>No longer in rotation; stays until the worker has closed its listener or died.</summary>
    internal bool IsLeaving { get; private set; }

    /// <summary>Handed over and not taken yet.</summary>
    internal abstract int Waiting { get; }

    /// <summary>How many connections it can take now; 0 when it is full, stopped or leaving.</summary>
    internal abstract int Room { get; }

    internal abstract WorkerLoad Load { get; }

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

    /// <summary>In how many milliseconds to look at this target again though nothing happens; -1 for never.</summary>
    internal abstract int NextLook(long now);

    /// <summary>
    /// The worker is gone: recovers what it has not received, and closes. False when this process has no descriptors free for them;
    /// then they stay safe in the kernel, and the acceptor asks again.
    /// </summary>
    internal abstract bool TryClose(Queue<int> recovered);
}
