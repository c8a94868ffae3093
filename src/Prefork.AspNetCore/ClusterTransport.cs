namespace Prefork.AspNetCore;

/// <summary>What carries the bytes between a worker's connections and Kestrel.</summary>
public enum ClusterTransport
{
    /// <summary>
    /// Prefork's own, made for connections that arrive as descriptors: one thread waits for them all and runs small requests by itself.
    /// A handler that blocks or computes for more than a few milliseconds is noticed, and handlers then run on the thread pool for a while.
    /// </summary>
    Prefork,

    /// <summary>Kestrel's sockets, as in a process without a cluster.</summary>
    Sockets,
}
