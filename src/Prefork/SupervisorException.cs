namespace Prefork;

/// <summary>The supervisor gives up: no worker has ever served.</summary>
public sealed class SupervisorException : Exception
{
    internal SupervisorException(string message, WorkerEnding? failure, Exception? inner = null) : base(message, inner) => Failure = failure;

    /// <summary>The end of the last worker that failed; null when there was none.</summary>
    public WorkerEnding? Failure { get; }
}
