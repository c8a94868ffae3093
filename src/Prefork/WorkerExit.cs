namespace Prefork;

/// <summary>How a worker's process ended: by a code or by a signal, never both (wait(2)); exit code 137 is not SIGKILL.</summary>
/// <param name="Code">The exit code; null when a signal ended it, or when somebody else reaped the process (both are null then).</param>
/// <param name="Signal">The signal that ended it; null when it exited.</param>
/// <param name="Asked">
/// Whether it was asked to leave, by <see cref="WorkerProcess.Disconnect"/> or by itself with
/// <see cref="ClusterWorker.Disconnect"/> or <see cref="ClusterWorker.Kill"/>: Node's <c>exitedAfterDisconnect</c>.
/// </param>
public sealed record WorkerExit(int? Code, Signal? Signal, bool Asked)
{
    /// <inheritdoc/>
    public override string ToString()
        => (Code, Signal) switch
        {
            ({ } code, _) => $"code {code}",
            (_, { } signal) => $"signal {signal}",
            _ => "unknown",
        };
}
