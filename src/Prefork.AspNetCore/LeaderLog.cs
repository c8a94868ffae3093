using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore;

internal static partial class LeaderLog
{
    [LoggerMessage(1, LogLevel.Information, "This process leads the cluster: {Service} starts.", EventName = "Starts")]
    internal static partial void Starts(ILogger logger, string service);

    [LoggerMessage(2, LogLevel.Information, "{Service} has stopped. Another worker may start it.", EventName = "Stopped")]
    internal static partial void Stopped(ILogger logger, string service);

    [LoggerMessage(3, LogLevel.Critical, "{Service} could not be started, so the host stops, and another worker will try.", EventName = "StartFailed")]
    internal static partial void StartFailed(ILogger logger, string service, Exception exception);

    [LoggerMessage(4, LogLevel.Critical, "{Service} failed. BackgroundServiceExceptionBehavior says whether the host stops.", EventName = "Failed")]
    internal static partial void Failed(ILogger logger, string service, Exception exception);

    [LoggerMessage(5, LogLevel.Error, "{Service} could not be stopped. No other worker starts it before this process has ended.", EventName = "StopFailed")]
    internal static partial void StopFailed(ILogger logger, string service, Exception exception);
}
