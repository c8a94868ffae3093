using System.Net;
using System.Net.Sockets;

namespace Prefork.Sockets;

/// <summary>A connection that one worker gets past the policy: both of its ends are made here, of the kind that the worker's listener takes.</summary>
internal static class DirectConnection
{
    /// <summary>The caller owns both ends.</summary>
    internal static async Task<(Socket Client, Socket Server)> CreateAsync(AddressFamily family, CancellationToken cancellation)
    {
        using var listener = new Socket(family, SocketType.Stream, family == AddressFamily.Unix ? ProtocolType.Unspecified : ProtocolType.Tcp);

        listener.Bind(family switch
        {
            AddressFamily.Unix => new UnixDomainSocketEndPoint($"\0prefork-{Guid.NewGuid():N}"),
            AddressFamily.InterNetworkV6 => new IPEndPoint(IPAddress.IPv6Loopback, 0),
            _ => new IPEndPoint(IPAddress.Loopback, 0),
        });
        listener.Listen(1);
        var client = new Socket(listener.AddressFamily, SocketType.Stream, listener.ProtocolType);
        try
        {
            await client.ConnectAsync(listener.LocalEndPoint!, cancellation).ConfigureAwait(false);
            while (true)
            {
                var server = await listener.AcceptAsync(cancellation).ConfigureAwait(false);
                if (family == AddressFamily.Unix || Equals(server.RemoteEndPoint, client.LocalEndPoint))
                {
                    return (client, server);
                }

                // Somebody else has found the port.
                server.Dispose();
            }
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }
}
