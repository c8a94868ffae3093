using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Prefork.AspNetCore.Transport;

namespace Prefork.AspNetCore;

/// <summary>Options of Kestrel's transport that a worker cannot honour. One that the application has set is said at the start.</summary>
internal static partial class IgnoredOptions
{
    internal const string Category = "Prefork.AspNetCore.Transport";

    /// <summary>Once for the workers of a generation.</summary>
    internal static async Task SayAsync(SocketTransportOptions options, ClusterTransport transport, ILogger logger)
    {
        if (options.CreateBoundListenSocket != SocketTransportOptions.CreateDefaultBoundListenSocket && await SayOnce.IsFirstAsync("create-bound-listen-socket").ConfigureAwait(false))
        {
            ListenSocketIsThePrimarys(logger);
        }

        var ignored = Ignored(options, transport);
        if (ignored.Count > 0 && await SayOnce.IsFirstAsync("transport-options").ConfigureAwait(false))
        {
            DoNotApply(logger, string.Join(", ", ignored), transport);
        }
    }

    private static List<string> Ignored(SocketTransportOptions options, ClusterTransport transport)
    {
        var ignored = new List<string>();
        var defaults = new SocketTransportOptions();
        void Add(string name, bool isSet)
        {
            if (isSet)
            {
                ignored.Add(name);
            }
        }

        if (transport == ClusterTransport.Sockets)
        {
            Add($"the switch {TransportSettings.FinOnErrorSwitch}", AppContext.TryGetSwitch(TransportSettings.FinOnErrorSwitch, out var set) && set);
            return ignored;
        }

        Add(nameof(options.IOQueueCount), options.IOQueueCount != defaults.IOQueueCount);
        Add(nameof(options.WaitForDataBeforeAllocatingBuffer), options.WaitForDataBeforeAllocatingBuffer != defaults.WaitForDataBeforeAllocatingBuffer);
        Add(nameof(options.UnsafePreferInlineScheduling), options.UnsafePreferInlineScheduling != defaults.UnsafePreferInlineScheduling);
        return ignored;
    }

    [LoggerMessage(1, LogLevel.Warning, "SocketTransportOptions.CreateBoundListenSocket is set, and is not called in a worker: the primary creates the listening sockets. Options of connections can be set in a connection middleware. See docs/aspnetcore.md#options-of-the-listening-socket", EventName = "CreateBoundListenSocketIsNotCalled")]
    private static partial void ListenSocketIsThePrimarys(ILogger logger);

    [LoggerMessage(2, LogLevel.Warning, "Options of Kestrel's socket transport are set that do not apply with ClusterTransport.{Transport}: {Options}. See docs/aspnetcore.md#kestrels-options", EventName = "OptionsDoNotApply")]
    private static partial void DoNotApply(ILogger logger, string options, ClusterTransport transport);
}
