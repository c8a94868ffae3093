namespace Prefork.AspNetCore;

/// <summary>
/// This process's place in its cluster, as a service. In a process that is no worker it is a cluster of one, which leads:
/// the same code runs alone. Registered by <c>UseCluster</c> and <c>AddLeaderHostedService</c>.
/// </summary>
public interface IClusterContext
{
    /// <summary><see cref="WorkerCount"/> or <see cref="IsLeader"/> has changed. Raised on a thread of the cluster's own: be quick there.</summary>
    event EventHandler? Changed;

    /// <summary>The worker's id, never used twice; null in a process that is no worker.</summary>
    int? WorkerId { get; }

    /// <summary>How many workers share the work now, this one among them (<see cref="ClusterWorker.WorkerCount"/>); 1 in a process that is no worker.</summary>
    int WorkerCount { get; }

    /// <summary>Which generation of workers this one is of (<see cref="ClusterWorker.Generation"/>); 0 in a process that is no worker.</summary>
    int Generation { get; }

    /// <summary>
    /// Whether this process leads: at most one worker does (<see cref="ClusterWorker.IsLeader"/>), and a process that is no worker always does until it stops.
    /// For a quick look; work that only one may do is done under <see cref="WaitForLeadershipAsync"/>, or in a service of <c>AddLeaderHostedService</c>.
    /// </summary>
    bool IsLeader { get; }

    /// <summary>
    /// Ends when this process leads. No other worker does until the leadership is disposed or this process has ended. It has to be given back
    /// (<see cref="ClusterLeadership.Ending"/>) when the worker is to leave and when the host stops.
    /// </summary>
    /// <exception cref="ClusterChannelClosedException">This worker is leaving, its host stops, or it has lost its primary: it will not lead.</exception>
    Task<ClusterLeadership> WaitForLeadershipAsync(CancellationToken cancellationToken = default);
}
