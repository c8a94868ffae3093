namespace Prefork.Supervision;

internal sealed class CallbackGate(Func<WorkerProcess, CancellationToken, Task> check) : HealthGate
{
    public override Task CheckAsync(WorkerProcess worker, CancellationToken cancellationToken) => check(worker, cancellationToken);
}
