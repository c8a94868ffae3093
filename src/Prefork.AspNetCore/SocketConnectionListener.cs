using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore;

/// <summary>A cluster listener whose sockets become Kestrel's own connections (<see cref="ClusterTransport.Sockets"/>).</summary>
internal sealed class SocketConnectionListener(ClusterListener listener, SocketTransportOptions options, ILogger logger, Action<ClusterListener> closed) : IConnectionListener
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

    private readonly PoolPulse _pulse = new();

    public EndPoint EndPoint => listener.LocalEndPoint;

    /// <summary>Null ends Kestrel's accept loop.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        if (_pulse.BeforeNext() is { } pulse)
        {
            await pulse.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        while (await listener.AcceptAsync(cancellationToken).ConfigureAwait(false) is { } socket)
        {
            try
            {
                if (options.NoDelay && socket.LocalEndPoint is IPEndPoint)
                {
                    socket.NoDelay = true;
                }

                return _connections.Create(socket);
            }
            catch (SocketException)
            {
                // The client has gone already; the others have not.
                socket.Dispose();
            }
        }

        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        ClusterIntake.Stop(listener);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await listener.DisposeAsync().ConfigureAwait(false);
        _connections.Dispose();
        closed(listener);
    }
}
