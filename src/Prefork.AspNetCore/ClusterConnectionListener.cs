using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore;

/// <summary>A cluster listener as Kestrel wants it. The sockets become Kestrel's own connections, so everything above them is unchanged.</summary>
internal sealed class ClusterConnectionListener : IConnectionListener
{
    private readonly ClusterListener _listener;
    private readonly SocketConnectionContextFactory _connections;

    internal ClusterConnectionListener(ClusterListener listener, SocketTransportOptions options, ILoggerFactory loggers)
    {
        _listener = listener;
        _connections = new SocketConnectionContextFactory(
            new SocketConnectionFactoryOptions
            {
                IOQueueCount = options.IOQueueCount,
                WaitForDataBeforeAllocatingBuffer = options.WaitForDataBeforeAllocatingBuffer,
                MaxReadBufferSize = options.MaxReadBufferSize,
                MaxWriteBufferSize = options.MaxWriteBufferSize,
                UnsafePreferInlineScheduling = options.UnsafePreferInlineScheduling,
            },
            loggers.CreateLogger("Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets"));
        NoDelay = options.NoDelay;
    }

    public EndPoint EndPoint => _listener.LocalEndPoint;

    private bool NoDelay { get; }

    /// <summary>Null ends Kestrel's accept loop.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        var socket = await _listener.AcceptAsync(cancellationToken).ConfigureAwait(false);
        if (socket is null)
        {
            return null;
        }

        if (NoDelay && socket.LocalEndPoint is IPEndPoint)
        {
            socket.NoDelay = true;
        }

        return _connections.Create(socket);
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _listener.Stop();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync().ConfigureAwait(false);
        _connections.Dispose();
    }
}
