using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore;

/// <summary>A cluster listener whose sockets become Kestrel's own connections (<see cref="ClusterTransport.Sockets"/>).</summary>
internal sealed class SocketConnectionListener(ClusterListener listener, SocketTransportOptions options, ILogger logger) : IConnectionListener
{
    private readonly SocketConnectionContextFactory _connections = new(
        new SocketConnectionFactoryOptions
        {
            IOQueueCount = options.IOQueueCount,
            WaitForDataBeforeAllocatingBuffer = options.WaitForDataBeforeAllocatingBuffer,
            MaxReadBufferSize = options.MaxReadBufferSize,
            MaxWriteBufferSize = options.MaxWriteBufferSize,
            UnsafePreferInlineScheduling = options.UnsafePreferInlineScheduling,
        },
        logger);

    public EndPoint EndPoint => listener.LocalEndPoint;

    /// <summary>Null ends Kestrel's accept loop.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        var socket = await listener.AcceptAsync(cancellationToken).ConfigureAwait(false);
        if (socket is null)
        {
            return null;
        }

        if (options.NoDelay && socket.LocalEndPoint is IPEndPoint)
        {
            socket.NoDelay = true;
        }

        return _connections.Create(socket);
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        listener.Stop();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await listener.DisposeAsync().ConfigureAwait(false);
        _connections.Dispose();
    }
}
