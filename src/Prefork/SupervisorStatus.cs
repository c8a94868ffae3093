using System.Text.Json.Serialization;

namespace Prefork;

/// <summary>What a supervisor's cluster looks like at an instant.</summary>
/// <param name="State">How it is.</param>
/// <param name="DesiredWorkers">How many workers there should be.</param>
/// <param name="Generation">The generation that serves.</param>
/// <param name="Program">What that generation runs, with links resolved.</param>
/// <param name="Operation">What is under way, such as a reload, in words; null for nothing.</param>
/// <param name="Since">When the supervisor started.</param>
/// <param name="Restarts">How many workers have been started in the place of one that ended unplanned.</param>
/// <param name="Workers">All workers, by slot, then by id.</param>
/// <param name="Endings">The last 100 endings, the newest last.</param>
public sealed record SupervisorStatus(
    SupervisorState State,
    int DesiredWorkers,
    int Generation,
    string Program,
    string? Operation,
    DateTimeOffset Since,
    int Restarts,
    IReadOnlyList<WorkerStatus> Workers,
    IReadOnlyList<WorkerEnding> Endings);

/// <summary>A worker at an instant.</summary>
/// <param name="Id">The worker's id.</param>
/// <param name="ProcessId">Its pid; null when it could not be started.</param>
/// <param name="Slot">Its slot.</param>
/// <param name="Generation">Its generation.</param>
/// <param name="Phase">What it is at.</param>
/// <param name="Since">When it was started.</param>
/// <param name="Connections">Connections open (<see cref="WorkerProcess.OpenConnections"/>); null when it is not known.</param>
/// <param name="Requests">Requests served (<see cref="WorkerProcess.Requests"/>); null when it is not known.</param>
/// <param name="ResidentMemory">RSS in bytes; null when it cannot be read.</param>
/// <param name="ProcessorTime">Processor time that it has used, in user and kernel mode; null when it cannot be read.</param>
/// <param name="Listeners">Where the primary listens for it (<see cref="WorkerProcess.Listeners"/>).</param>
public sealed record WorkerStatus(
    int Id,
    int? ProcessId,
    int Slot,
    int Generation,
    WorkerPhase Phase,
    DateTimeOffset Since,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] long? Connections,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] long? Requests,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] long? ResidentMemory,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] TimeSpan? ProcessorTime,
    IReadOnlyList<ListeningAddress> Listeners);

/// <summary>How a supervised cluster is.</summary>
public enum SupervisorState
{
    /// <summary>Workers are being started.</summary>
    Starting,

    /// <summary>As many workers serve as there should be.</summary>
    Healthy,

    /// <summary>Fewer serve: some are being started again, or wait for it.</summary>
    Recovering,

    /// <summary>A crash loop (<see cref="SupervisorOptions.BreakerFailures"/>): the rest serves.</summary>
    Degraded,

    /// <summary>It stops.</summary>
    Stopping,

    /// <summary>It has stopped, or has not begun.</summary>
    Stopped,
}

/// <summary>What a supervised worker is at.</summary>
public enum WorkerPhase
{
    /// <summary>On its way: not ready, or not through its gate.</summary>
    Starting,

    /// <summary>In rotation.</summary>
    Serving,

    /// <summary>In rotation with a share of its own: the first of a new generation.</summary>
    Canary,

    /// <summary>Ready and out of rotation, till a reload is over, or in case of a rollback.</summary>
    Parked,

    /// <summary>Out of rotation, leaves.</summary>
    Draining,
}
