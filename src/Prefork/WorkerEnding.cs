namespace Prefork;

/// <summary>How and why a worker ended: the answer to "why did it restart".</summary>
/// <param name="Time">When.</param>
/// <param name="WorkerId">Which worker.</param>
/// <param name="ProcessId">Its pid; null when it could not be started.</param>
/// <param name="Slot">Its slot.</param>
/// <param name="Generation">Its generation.</param>
/// <param name="Exit">How the process ended; null when it could not be started, and in a <see cref="ReloadResult"/> that did not wait for its end (<see cref="SupervisorOptions.OnHang"/> may take its time).</param>
/// <param name="Reason">Why, in words: which rule, or what it did.</param>
/// <param name="Planned">Whether the supervisor meant it to end.</param>
/// <param name="Uptime">How long it lived.</param>
/// <param name="LastLines">What it wrote last; empty unless its output is read (<see cref="SupervisorOptions.Output"/>).</param>
public sealed record WorkerEnding(
    DateTimeOffset Time,
    int WorkerId,
    int? ProcessId,
    int Slot,
    int Generation,
    WorkerExit? Exit,
    string Reason,
    bool Planned,
    TimeSpan Uptime,
    IReadOnlyList<string> LastLines);
