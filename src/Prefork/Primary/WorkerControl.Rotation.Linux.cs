using System.Net;
using System.Net.Sockets;
using Prefork.Messages;
using Prefork.Primary.Accept;
using Prefork.Sockets;

namespace Prefork.Primary;

/// <remarks>Whether the worker gets connections, and those that are meant for it alone.</remarks>
internal sealed partial class WorkerControl
{
    private double _share;
    private bool _wasInRotation;

    /// <summary>Any thread.</summary>
    internal void PostShare(double share) => _primary.Loop.Post(() => SetShare(share));

    /// <summary>Any thread: connects to this worker past the policy. The caller owns the client's end.</summary>
    internal async Task<Socket> ConnectAsync(ListeningAddress? listener, CancellationToken cancellation)
    {
        var family = _primary.Loop.Invoke(() => FamilyOf(listener));
        var (client, server) = await DirectConnection.CreateAsync(family, cancellation).ConfigureAwait(false);
        try
        {
            _primary.Loop.Invoke(() => Give(server, listener));
            return client;
        }
        catch
        {
            client.Dispose();
            server.Dispose();
            throw;
        }
    }

    /// <summary>On the loop. For its listeners, and those that it will open.</summary>
    internal void SetShare(double share)
    {
        _share = share;
        _wasInRotation |= share > 0;
        foreach (var handle in _handles.Values)
        {
            handle.SetShare(Id, share);
        }
    }

    /// <summary>On the loop: takes ownership of a connection, and gives it to this worker and no other.</summary>
    private bool Give(Socket connection, ListeningAddress? listener)
    {
        var acceptor = FindAccepting(listener).Acceptor;

        // Only a number travels; the acceptor closes what the worker cannot take.
        acceptor.Give(Id, PassedSocket.Duplicate(connection).Release());
        connection.Dispose();
        return true;
    }

    private AddressFamily FamilyOf(ListeningAddress? listener) => FindAccepting(listener).LocalEndPoint.AddressFamily;

    private AcceptingHandle FindAccepting(ListeningAddress? listener)
        => _handles.Values.OfType<AcceptingHandle>().FirstOrDefault(handle => listener is null || IsAt(handle.LocalEndPoint, listener))
            ?? throw new InvalidOperationException(_channelOver || Worker.IsAskedToLeave
                ? $"Worker {Id} has left, or is about to."
                : _handles.Values.OfType<SharedHandle>().Any()
                    ? $"Worker {Id} accepts by itself (scheduling policy {_primary.Policy}): no connection can be meant for it alone. Use RoundRobin or LeastConnections."
                    : $"Worker {Id} does not listen{(listener is null ? "" : $" on {listener.ToEndPoint()}")}.");

    private static bool IsAt(EndPoint endPoint, ListeningAddress listener) => endPoint switch
    {
        IPEndPoint ip => ip.Port == listener.Port,
        UnixDomainSocketEndPoint => listener.ToEndPoint()?.ToString() == endPoint.ToString(),
        _ => false,
    };
}
