using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore;

internal static partial class DrainLog
{
    [LoggerMessage(1, LogLevel.Information, "Worker {WorkerId} drains: it gets no more connections, and tells its clients to reconnect, for {DrainTimeout} at most.")]
    internal static partial void Begun(ILogger logger, int workerId, TimeSpan drainTimeout);

    [LoggerMessage(2, LogLevel.Information, "Worker {WorkerId} is drained.")]
    internal static partial void Ended(ILogger logger, int workerId);

    [LoggerMessage(3, LogLevel.Information, "Worker {WorkerId} still has connections after {DrainTimeout}: idle ones are closed now, requests in flight have HostOptions.ShutdownTimeout to finish.")]
    internal static partial void TimedOut(ILogger logger, int workerId, TimeSpan drainTimeout);

    [LoggerMessage(4, LogLevel.Information, "A host of worker {WorkerId} drains: its listeners get no more connections, and it tells its clients to reconnect, for {DrainTimeout} at most. The worker goes on.")]
    internal static partial void HostBegun(ILogger logger, int workerId, TimeSpan drainTimeout);
}
