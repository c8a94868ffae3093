namespace Prefork.Supervision;

/// <summary>A worker that did not come to serve: it ended, was too slow, or did not pass its gate.</summary>
internal sealed class LaunchException(string message, SupervisedWorker worker) : Exception(message)
{
    internal SupervisedWorker Worker { get; } = worker;
}
