namespace Prefork;

/// <summary>How to bind a UDP socket.</summary>
public sealed class UdpOptions
{
    /// <summary>Whether a worker binds for itself, without the primary and without sharing.</summary>
    /// <remarks>Default: false.</remarks>
    public bool Exclusive { get; set; }

    /// <summary>Whether a socket on an IPv6 address refuses IPv4.</summary>
    /// <remarks>Default: false.</remarks>
    public bool IPv6Only { get; set; }

    /// <summary>Whether the address may be bound again while this socket is open (SO_REUSEADDR).</summary>
    /// <remarks>Default: false.</remarks>
    public bool ReuseAddress { get; set; }

    /// <summary>
    /// Whether several sockets may have the address, between which the kernel spreads datagrams (SO_REUSEPORT). All of them must say so, and
    /// belong to one user. Such a socket is <see cref="Exclusive"/>, whatever that says. Linux only.
    /// </summary>
    /// <remarks>Default: false.</remarks>
    public bool ReusePort { get; set; }
}
