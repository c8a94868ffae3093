namespace Prefork;

/// <summary>How to listen. In a worker, the options of the first worker that asks for an address hold for all; as in Node.</summary>
public sealed class ListenOptions
{
    /// <summary>The length of the queue of connections waiting to be accepted; the kernel caps it at <c>net.core.somaxconn</c>.</summary>
    /// <remarks>Default: 511, as in Node.</remarks>
    public int Backlog { get; set; } = 511;

    /// <summary>Whether a worker listens for itself, without the primary and without sharing.</summary>
    /// <remarks>Default: false.</remarks>
    public bool Exclusive { get; set; }

    /// <summary>Whether a listener on an IPv6 address refuses IPv4.</summary>
    /// <remarks>Default: false.</remarks>
    public bool IPv6Only { get; set; }

    /// <summary>
    /// Whether several sockets may listen on the address, each with a queue of its own between which the kernel spreads connections (SO_REUSEPORT).
    /// All of them must say so, and belong to one user. Such a listener is <see cref="Exclusive"/>, whatever that says. TCP on Linux only.
    /// </summary>
    /// <remarks>Default: false.</remarks>
    public bool ReusePort { get; set; }

    /// <summary>Whether every user may read a Unix socket's path.</summary>
    /// <remarks>Default: false.</remarks>
    public bool ReadableAll { get; set; }

    /// <summary>Whether every user may write to, and so connect to, a Unix socket's path.</summary>
    /// <remarks>Default: false.</remarks>
    public bool WritableAll { get; set; }
}
