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
}
