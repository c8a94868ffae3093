using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore.Transport;

internal static partial class TransportLog
{
    [LoggerMessage(1, LogLevel.Debug, "Connection id \"{ConnectionId}\" was reset by the client.", EventName = "ConnectionReset")]
    internal static partial void Reset(ILogger logger, string connectionId);

    [LoggerMessage(2, LogLevel.Debug, "Connection id \"{ConnectionId}\" ended with an error of the socket's.", EventName = "ConnectionError")]
    internal static partial void Failed(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(3, LogLevel.Error, "A callback of ConnectionClosed of connection id \"{ConnectionId}\" failed.", EventName = "ConnectionClosedFailed")]
    internal static partial void ClosedFailed(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(4, LogLevel.Debug, "A handler kept the IO thread for {Elapsed} ms. Another thread has taken over; handlers run on the thread pool for {Penalty} ms.", EventName = "HandedOver")]
    internal static partial void HandedOver(ILogger logger, double elapsed, int penalty);

    [LoggerMessage(5, LogLevel.Debug, "Handlers compute for {Average} microseconds each. They run on the thread pool for {Penalty} ms.", EventName = "Shared")]
    internal static partial void Shared(ILogger logger, long average, int penalty);
}
