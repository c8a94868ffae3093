using Prefork.Processes;

namespace Prefork.Supervision;

/// <remarks>What it looks like from outside.</remarks>
internal sealed partial class Supervisor
{
    internal SupervisorStatus GetStatus() => new(
        _state,
        _desired,
        _current?.Number ?? 0,
        _current?.Settings.Exec ?? "",
        _operation,
        _since,
        _restarts,
        [.. _workers.OrderBy(static worker => worker.Slot.Index).ThenBy(static worker => worker.Process.Id).Select(StatusOf)],
        [.. _endings]);

    internal SupervisorOptions GetOptions() => (_current?.Options ?? _initial).Clone();

    private static WorkerStatus StatusOf(SupervisedWorker worker)
    {
        var process = worker.Process;
        var pid = process.Process.Id;
        return new WorkerStatus(
            process.Id,
            pid,
            worker.Slot.Index,
            worker.Generation.Number,
            worker.Phase,
            worker.StartedAt,
            process.OpenConnections,
            process.Requests,
            pid is { } id ? ProcessFigures.ResidentMemory(id) : null,
            pid is { } number ? ProcessFigures.ProcessorTime(number) : null,
            process.Listeners);
    }
}
