namespace Prefork.Supervision;

/// <summary>A reload cannot go on, and is undone.</summary>
internal sealed class ReloadFailedException(string message, SupervisedWorker? worker) : Exception(message)
{
    internal SupervisedWorker? Worker { get; } = worker;
}
