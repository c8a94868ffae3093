using System.Net;
using System.Net.Sockets;
using System.Text;
using Prefork.Sockets;

namespace Prefork;

/// <summary>Says which worker an event is about.</summary>
public class WorkerEventArgs : EventArgs
{
    internal WorkerEventArgs(WorkerProcess worker) => Worker = worker;

    /// <summary>The worker.</summary>
    public WorkerProcess Worker { get; }
}

/// <summary>A worker's listener is open.</summary>
public sealed class WorkerListeningEventArgs : WorkerEventArgs
{
    internal WorkerListeningEventArgs(WorkerProcess worker, ListeningAddress address) : base(worker) => Address = address;

    /// <summary>Where it listens.</summary>
    public ListeningAddress Address { get; }
}

/// <summary>A worker could not listen.</summary>
public sealed class WorkerListenFailedEventArgs : WorkerEventArgs
{
    internal WorkerListenFailedEventArgs(WorkerProcess worker, ListenFailure failure) : base(worker) => Failure = failure;

    /// <summary>Where, and why not.</summary>
    public ListenFailure Failure { get; }
}

/// <summary>A worker's process has ended.</summary>
public sealed class WorkerExitedEventArgs : WorkerEventArgs
{
    internal WorkerExitedEventArgs(WorkerProcess worker, WorkerExit exit) : base(worker) => Exit = exit;

    /// <summary>How it ended.</summary>
    public WorkerExit Exit { get; }
}

/// <summary>Something about a worker, or the cluster, went wrong; everything else goes on.</summary>
public sealed class WorkerErrorEventArgs : EventArgs
{
    internal WorkerErrorEventArgs(WorkerProcess? worker, Exception exception)
    {
        Worker = worker;
        Exception = exception;
    }

    /// <summary>The worker; null when it is about the primary itself, such as running out of descriptors.</summary>
    public WorkerProcess? Worker { get; }

    /// <summary>What happened.</summary>
    public Exception Exception { get; }
}

/// <summary>A message of a worker's.</summary>
public sealed class WorkerMessageEventArgs : WorkerEventArgs
{
    internal WorkerMessageEventArgs(WorkerProcess worker, ClusterMessage message) : base(worker) => Message = message;

    /// <summary>The message.</summary>
    public ClusterMessage Message { get; }
}

/// <summary>A message for this process: a worker's from its cluster, or a child's from its parent.</summary>
public sealed class ClusterMessageEventArgs : EventArgs
{
    internal ClusterMessageEventArgs(ClusterMessage message) => Message = message;

    /// <summary>The message.</summary>
    public ClusterMessage Message { get; }
}

/// <summary>The settings have been set.</summary>
public sealed class ClusterSetUpEventArgs : EventArgs
{
    internal ClusterSetUpEventArgs(ClusterSettings settings) => Settings = settings;

    /// <summary>The settings that this call made.</summary>
    public ClusterSettings Settings { get; }
}

/// <summary>Where a worker listens: the argument of Node's <c>listening</c> event.</summary>
/// <param name="Address">What the worker asked for: an IP address or a Unix path; null for every address.</param>
/// <param name="Port">The port it got; -1 for a Unix path.</param>
/// <param name="AddressType">"4", "6", "-1" (Unix), "udp4" or "udp6": Node's <c>addressType</c>.</param>
/// <param name="Descriptor">The primary's descriptor that was asked for; null otherwise.</param>
public sealed record ListeningAddress(string? Address, int Port, string AddressType, int? Descriptor)
{
    /// <summary>
    /// As an end point; null for a descriptor, for a path that is too long for one (the worker has a shorter name for it), and for what is none:
    /// it is the worker's word.
    /// </summary>
    public EndPoint? ToEndPoint() => AddressType switch
    {
        "-1" => Address is { Length: > 0 } && Encoding.UTF8.GetByteCount(Address) <= Binder.MaxUnixPath ? new UnixDomainSocketEndPoint(Address) : null,
        _ when Descriptor >= 0 || Port is < IPEndPoint.MinPort or > IPEndPoint.MaxPort => null,
        _ when Address is null => new IPEndPoint(IPAddress.IPv6Any, Port),
        _ => IPAddress.TryParse(Address, out var address) ? new IPEndPoint(address, Port) : null,
    };
}
