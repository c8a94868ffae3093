using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Prefork.AspNetCore.Transport;

namespace Prefork.AspNetCore.Tests;

/// <summary>Our listeners in a process that is no worker: they accept by themselves, and everything behind that is as in a worker.</summary>
internal sealed class TestListenerFactory(Carrier carrier, IOptions<SocketTransportOptions> sockets, ILoggerFactory loggers, IMemoryPoolFactory<byte> pools) : IConnectionListenerFactory, IDisposable
{
    private readonly ILogger _logger = loggers.CreateLogger(TransportLog.Category);
    private readonly SettlingConnections _settling = new();
    private IoLoop? _loop;

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listener = await Cluster.ListenAsync(endpoint, new ListenOptions { Backlog = sockets.Value.Backlog }, cancellationToken);
        if (carrier == Carrier.Sockets)
        {
            return new SocketConnectionListener(listener, sockets.Value, _logger, static _ => { });
        }

        var pool = pools.Create();
        _loop = new IoLoop(new LoopLogger(_logger));
        return new ClusterConnectionListener(listener, new TransportSettings(sockets.Value, shareTlsSessions: false, pool, _loop, _settling, new LoopLogger(_logger)), pool, static _ => { });
    }

    public void Dispose()
    {
        _settling.Dispose();
        _loop?.Dispose();
    }
}
