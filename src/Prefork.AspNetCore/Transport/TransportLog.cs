using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore.Transport;

/// <summary>
/// The category is that of Kestrel's sockets, so the events that Kestrel has too have its numbers, names, levels and words; ours begin at 101.
/// </summary>
internal static partial class TransportLog
{
    internal const string Category = "Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets";

    [LoggerMessage(4, LogLevel.Debug, "Connection id \"{ConnectionId}\" paused.", EventName = "ConnectionPause")]
    internal static partial void Paused(ILogger logger, string connectionId);

    [LoggerMessage(5, LogLevel.Debug, "Connection id \"{ConnectionId}\" resumed.", EventName = "ConnectionResume")]
    internal static partial void Resumed(ILogger logger, string connectionId);

    [LoggerMessage(6, LogLevel.Debug, "Connection id \"{ConnectionId}\" received FIN.", EventName = "ConnectionReadFin")]
    internal static partial void ReceivedFin(ILogger logger, string connectionId);

    [LoggerMessage(7, LogLevel.Debug, "Connection id \"{ConnectionId}\" sending FIN because: \"{Reason}\"", EventName = "ConnectionWriteFin")]
    internal static partial void SendingFin(ILogger logger, string connectionId, string reason);

    [LoggerMessage(8, LogLevel.Debug, "Connection id \"{ConnectionId}\" sending RST because: \"{Reason}\"", EventName = "ConnectionWriteRst")]
    internal static partial void SendingRst(ILogger logger, string connectionId, string reason);

    [LoggerMessage(14, LogLevel.Debug, "Connection id \"{ConnectionId}\" communication error.", EventName = "ConnectionError")]
    internal static partial void Failed(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(19, LogLevel.Debug, "Connection id \"{ConnectionId}\" reset.", EventName = "ConnectionReset")]
    internal static partial void Reset(ILogger logger, string connectionId);

    [LoggerMessage(101, LogLevel.Error, "A callback of ConnectionClosed of connection id \"{ConnectionId}\" failed.", EventName = "ConnectionClosedFailed")]
    internal static partial void ClosedFailed(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(102, LogLevel.Debug, "A handler kept the IO thread for {Elapsed} ms. Another thread has taken over; handlers run on the thread pool for {Penalty} ms.", EventName = "HandedOver")]
    internal static partial void HandedOver(ILogger logger, double elapsed, int penalty);

    [LoggerMessage(103, LogLevel.Debug, "Handlers compute for {Average} microseconds each. They run on the thread pool for {Penalty} ms.", EventName = "Shared")]
    internal static partial void Shared(ILogger logger, long average, int penalty);
}
