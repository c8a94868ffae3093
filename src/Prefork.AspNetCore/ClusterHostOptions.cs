using Microsoft.Extensions.Diagnostics.HealthChecks;

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
    /// How long a worker that stops waits for its clients to go elsewhere before Kestrel's own stop begins, which closes idle connections, and
    /// lets requests in flight finish for as long as the host's <c>ShutdownTimeout</c> allows. It waits no longer than connections are open.
    /// The host's <c>ShutdownTimeout</c> is made longer by this time.
    /// </summary>
    /// <remarks>Default: 5 seconds. Zero: no drain.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public TimeSpan DrainTimeout
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    }

    = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether a TLS session that one worker began may be resumed by the others and by their successors: session tickets are kept under a key that all workers
    /// of the primary have, for as long as it lives. Else a client has to come back to the same worker for it. Only with <see cref="ClusterTransport.Prefork"/>.
    /// </summary>
    /// <remarks>Default: true. Where .NET does not resume (<c>AllowTlsResume</c> is false, or the runtime's switch is off), nobody does.</remarks>
    public bool ShareTlsSessions { get; set; } = true;

    /// <summary>
    /// Whether all registered health checks count. The worker is ready when its host has started and listens, and none of the health checks that count is <c>Unhealthy</c>.
    /// Those that the application has tagged <c>ready</c> always count; others may be for something that it does not need to serve.
    /// </summary>
    /// <remarks>Default: false.</remarks>
    public bool WaitForHealthChecks { get; set; }

    /// <summary>Which health checks count, whatever <see cref="WaitForHealthChecks"/> and their tags say.</summary>
    /// <remarks>Default: null.</remarks>
    public Func<HealthCheckRegistration, bool>? HealthCheckFilter { get; set; }

    /// <summary>How long to wait after health checks that failed before they are made again.</summary>
    /// <remarks>Default: 250 milliseconds.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">Zero or negative.</exception>
    public TimeSpan HealthCheckInterval
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            field = value;
        }
    }

    = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// What a worker looks for when its host has started, and warns of once for the cluster, in the category <c>Prefork.AspNetCore.StartupChecks</c>:
    /// what works in one process and breaks in several. Take out what you have seen to, or know to be no trouble.
    /// </summary>
    /// <remarks>Default: <see cref="ClusterStartupChecks.All"/>.</remarks>
    public ClusterStartupChecks StartupChecks { get; set; } = ClusterStartupChecks.All;
}
