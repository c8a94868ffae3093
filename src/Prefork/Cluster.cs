using System.Net;
using System.Net.Sockets;
using Prefork.Primary;
using Prefork.Processes;
using Prefork.Sockets;
using Prefork.Wire;
using Prefork.Worker;
using Prefork.Worker.Intake;

namespace Prefork;

/// <summary>
/// The door to the cluster: Node's <c>cluster</c> module. A process is a worker when its environment says so (<c>NODE_UNIQUE_ID</c>),
/// else a primary; that is decided once, when this class is first used, which a worker should do first thing, for it is online from then on.
/// A primary that never forks is an ordinary process: listening here then simply listens.
/// </summary>
public static partial class Cluster
{
    // Lazy, so that an environment that cannot be used throws what is wrong with it, each time, and no TypeInitializationException.
    private static readonly Lazy<InheritedChannel?> s_channel = new(static () => OperatingSystem.IsLinux() ? InheritedChannel.Take() : null);
    private static readonly Lazy<WorkerRole?> s_role = new(static () => s_channel.Value is { } channel ? Connect(channel) : null);
    private static readonly Lazy<ChildRole?> s_child = new(static () => Role is null && s_channel.Value is { IsThere: true } channel ? ChildRole.Connect(channel) : null);
    private static readonly Lazy<PrimaryRole> s_primary = new(CreatePrimary);

    private static WorkerRole? Role => s_role.Value;

    /// <summary>Whether this process may fork workers.</summary>
    public static bool IsPrimary => Role is null;

    /// <summary>Node's old name for <see cref="IsPrimary"/>.</summary>
    public static bool IsMaster => IsPrimary;

    /// <summary>Whether this process is a worker.</summary>
    public static bool IsWorker => Role is not null;

    /// <summary>This process as a worker; null in a primary.</summary>
    public static ClusterWorker? Worker => Role?.Worker;

    /// <summary>
    /// The Node process that started this one with <c>child_process.fork</c>, and not as a worker; null in a worker, and in a process that was
    /// started otherwise. Its messages are read from the first use on. A process that has a parent is a primary, or may become one.
    /// </summary>
    /// <exception cref="InvalidOperationException">The environment (<c>NODE_CHANNEL_FD</c>) names a channel, but there is none, or it is in a format that is not known.</exception>
    public static ParentProcess? Parent => s_child.Value?.Parent;

    /// <summary>
    /// Listens on a port of every address, IPv6 and IPv4. Node's <c>listen(port)</c>, and the same listen point as a Node worker's.
    /// </summary>
    /// <inheritdoc cref="ListenAsync(EndPoint, ListenOptions?, CancellationToken)"/>
    public static ValueTask<ClusterListener> ListenAsync(int port, ListenOptions? options = null, CancellationToken cancellationToken = default)
        => ListenAsync(ListenTarget.Any(port, options ?? new ListenOptions()), options ?? new ListenOptions(), cancellationToken);

    /// <summary>
    /// Listens. In a worker through the primary, which shares the listener among all workers that ask for the same end point;
    /// with port 0 they all get the same port, the n-th call in one worker the same as the n-th in another. In any other process it just listens.
    /// </summary>
    /// <param name="endPoint">An <see cref="IPEndPoint"/>, <see cref="DnsEndPoint"/> (its first address), <see cref="UnixDomainSocketEndPoint"/>
    /// (a path, or an abstract name) or <see cref="FileDescriptorEndPoint"/>.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="cancellationToken">Ends the wait for the primary; a listener that opens all the same is closed.</param>
    /// <exception cref="SocketException">The address is in use, forbidden, or not of this machine. Only the worker that asked hears of it.</exception>
    /// <exception cref="ClusterChannelClosedException">This worker is leaving, or has lost its primary.</exception>
    /// <exception cref="NotSupportedException">An end point of another kind.</exception>
    public static async ValueTask<ClusterListener> ListenAsync(EndPoint endPoint, ListenOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new ListenOptions();
        var query = await ListenTarget.FromAsync(endPoint, options, cancellationToken).ConfigureAwait(false);
        return await ListenAsync(query, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Binds a UDP socket. In a worker through the primary: all workers that bind the same end point receive from one socket, and the kernel
    /// decides who gets a datagram, whatever the scheduling policy. The socket is the caller's; disposing it tells the primary.
    /// On a disconnect it is disposed for you: a pending receive ends with an exception.
    /// </summary>
    /// <exception cref="SocketException">The address is in use, forbidden, or not of this machine.</exception>
    /// <exception cref="ClusterChannelClosedException">This worker is leaving, or has lost its primary.</exception>
    public static ValueTask<Socket> BindUdpAsync(IPEndPoint endPoint, UdpOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        options ??= new UdpOptions();
        ThrowUnlessThereIsReusePort(options.ReusePort);
        return BindUdpAsync(ListenTarget.Udp(endPoint, options), options.Exclusive || options.ReusePort, cancellationToken);
    }

    /// <summary>Takes a bound UDP socket by its number: in a worker it is the primary's, which all workers that ask for it share.</summary>
    /// <exception cref="SocketException">The descriptor is not open there, or is no UDP socket.</exception>
    /// <exception cref="ClusterChannelClosedException">This worker is leaving, or has lost its primary.</exception>
    public static ValueTask<Socket> BindUdpAsync(FileDescriptorEndPoint descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return BindUdpAsync(ListenTarget.Udp(descriptor), exclusive: false, cancellationToken);
    }

    private static ValueTask<Socket> BindUdpAsync(ListenQuery query, bool exclusive, CancellationToken cancellation)
        => Role is null || exclusive
            ? ValueTask.FromResult(Binder.Bind(query, listen: false))
            : Role.BindUdpAsync(query, cancellation);

    private static ValueTask<ClusterListener> ListenAsync(ListenQuery query, ListenOptions options, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Backlog, 1, nameof(options.Backlog));
        ThrowUnlessThereIsReusePort(options.ReusePort);
        if (Role is not null && !options.Exclusive && !options.ReusePort)
        {
            return Role.ListenAsync(query, options.Backlog, cancellation);
        }

        var socket = Binder.Bind(query, listen: true);
        return ValueTask.FromResult(new ClusterListener(new DirectIntake(socket), socket.LocalEndPoint!));
    }

    private static void ThrowUnlessThereIsReusePort(bool wanted)
    {
        if (wanted && !OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("ReusePort is supported on Linux: other systems have the option, and spread nothing by it.");
        }
    }

    private static WorkerRole? Connect(InheritedChannel channel)
    {
        var role = WorkerRole.Connect(channel);
        if (role is null)
        {
            // Not with the first fork: the program may start other children before.
            ChildSignal.KeepExits();
        }

        return role;
    }

    private static PrimaryRole CreatePrimary()
    {
        if (Role is not null)
        {
            throw new InvalidOperationException("This process is a worker: only a primary has workers and settings.");
        }

        return OperatingSystem.IsLinux()
            ? new PrimaryRole(s_events)
            : throw new PlatformNotSupportedException("Forking workers is supported on Linux. On other systems this program runs as one process.");
    }
}
