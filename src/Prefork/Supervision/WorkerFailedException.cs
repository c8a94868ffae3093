namespace Prefork.Supervision;

/// <summary>A worker did not come to serve, or ended where it should not have: what wanted it cannot go on.</summary>
/// <param name="message">What happened.</param>
/// <param name="worker">The worker; null when it was something else.</param>
internal sealed class WorkerFailedException(string message, SupervisedWorker? worker) : Exception(message)
{
    internal SupervisedWorker? Worker { get; } = worker;
}
