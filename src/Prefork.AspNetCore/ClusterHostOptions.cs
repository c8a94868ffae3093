namespace Prefork.AspNetCore;

/// <summary>How Kestrel runs in a worker.</summary>
public sealed class ClusterHostOptions
{
    /// <summary>
    /// What carries the connections. Buffer sizes and <c>NoDelay</c> are those of
    /// <see cref="Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets.SocketTransportOptions"/> with either.
    /// </summary>
    /// <remarks>Default: <see cref="ClusterTransport.Prefork"/>.</remarks>
    public ClusterTransport Transport { get; set; } = ClusterTransport.Prefork;

    /// <summary>
    /// What a worker looks for when its host has started, and warns of once for the cluster, in the category <c>Prefork.AspNetCore.StartupChecks</c>:
    /// what works in one process and breaks in several. Take out what you have seen to, or know to be no trouble.
    /// </summary>
    /// <remarks>Default: <see cref="ClusterStartupChecks.All"/>.</remarks>
    public ClusterStartupChecks StartupChecks { get; set; } = ClusterStartupChecks.All;
}
