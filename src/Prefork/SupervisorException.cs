using Prefork.Reporting;

namespace Prefork;

/// <summary>Workers do not come to serve: none ever did, and the supervisor gives up; or those that a scale asked for have not yet, and it goes on.</summary>
public sealed class SupervisorException : Exception
{
    internal SupervisorException(string message, WorkerEnding? failure, Exception? inner = null) : base(PlainText.Line(message), inner) => Failure = failure;

    /// <summary>The end of the last worker that failed; null when there was none.</summary>
    public WorkerEnding? Failure { get; }
}
