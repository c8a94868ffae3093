namespace Prefork;

/// <summary>
/// The heart of a scheduling policy: picks the worker for the next connection. Each listener has a selector of its own,
/// which only that listener's acceptor thread calls: it may keep state without locks, and must not block.
/// </summary>
public interface IWorkerSelector
{
    /// <summary>Picks one of the workers that can take a connection now.</summary>
    /// <param name="candidates">At least one; ordered by worker id; full, leaving and stopped workers are not among them.</param>
    /// <returns>An index into <paramref name="candidates"/>. Anything else, or an exception, is reported as
    /// <see cref="Cluster.Error"/>, and the connection goes to the first candidate.</returns>
    int Select(ReadOnlySpan<WorkerLoad> candidates);
}
