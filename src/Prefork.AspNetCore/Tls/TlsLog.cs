using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore.Tls;

internal static partial class TlsLog
{
    [LoggerMessage(6, LogLevel.Debug, "TLS sessions that this worker begins are resumed by no other. {Reason}", EventName = "SessionsNotShared")]
    internal static partial void NotShared(ILogger logger, string reason);
}
