namespace Prefork;

/// <summary>
/// The right to do what one worker alone may do. As long as it is not disposed, no other worker of the cluster has it.
/// Whoever took it stops its work when <see cref="Ending"/> is cancelled, and disposes it when the work has stopped.
/// </summary>
/// <remarks>
/// It holds within one cluster: one primary on one machine. It ends with the worker's process, whatever the process was doing;
/// what the worker started outside of itself (other processes, jobs on other machines) may outlive it.
/// </remarks>
public sealed class ClusterLeadership : IDisposable
{
    private Action? _giveBack;

    /// <summary>For implementations of one's own, as in tests.</summary>
    /// <param name="ending">Cancelled when the work has to stop.</param>
    /// <param name="giveBack">Called once, when it is disposed.</param>
    public ClusterLeadership(CancellationToken ending, Action? giveBack = null)
    {
        Ending = ending;
        _giveBack = giveBack;
    }

    /// <summary>
    /// Cancelled when the work has to stop: this worker is to leave, has resigned, or has lost its primary. It has no deadline, but until
    /// the work has stopped and this is disposed, or the process has ended, no other worker takes over.
    /// </summary>
    public CancellationToken Ending { get; }

    /// <summary>Gives it back. A second call does nothing.</summary>
    public void Dispose() => Interlocked.Exchange(ref _giveBack, null)?.Invoke();
}
