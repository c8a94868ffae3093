using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Prefork.AspNetCore.Hosts;
using Prefork.AspNetCore.Transport;

namespace Prefork.AspNetCore;

/// <summary>Binds Kestrel's end points through the primary. File handles and named pipes are left to Kestrel's own transports.</summary>
/// <remarks>Its listeners share one loop, which ends with the host's services: after the server, and so after the last connection.</remarks>
internal sealed class ClusterConnectionListenerFactory(
    WorkerHost host,
    IOptions<ClusterHostOptions> options,
    IOptions<SocketTransportOptions> sockets,
    ILoggerFactory loggers,
    IServiceProvider services) : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDisposable
{
    private readonly ILogger _logger = loggers.CreateLogger(TransportLog.Category);
    private readonly SettlingConnections _settling = new();
    private readonly Lock _lock = new();
    private readonly HashSet<ClusterListener> _open = [];
    private IoLoop? _loop;

    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint or UnixDomainSocketEndPoint or DnsEndPoint;

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        ThisProcess.Hosts.BeforeListening();
        ClusterListener? listener = null;
        try
        {
            listener = await Cluster.ListenAsync(endpoint, new ListenOptions { Backlog = sockets.Value.Backlog }, cancellationToken).ConfigureAwait(false);
            lock (_lock)
            {
                _open.Add(listener);
            }

            ThisProcess.Hosts.Opened(host);
            return Create(listener);
        }
        catch (Exception exception)
        {
            await GiveUpAsync(listener).ConfigureAwait(false);
            switch (exception)
            {
                case SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse }:
                    throw new AddressInUseException(exception.Message, exception);
                case ClusterChannelClosedException:
                    // It was told to leave while it started, and this host with it.
                    return new EndedConnectionListener(endpoint);
                default:
                    throw;
            }
        }
    }

    /// <summary>This host stops, and its worker goes on: nothing more is taken, and what waits for this worker goes to the others.</summary>
    internal void StopListening()
    {
        foreach (var listener in Open())
        {
            listener.Stop();
        }
    }

    /// <summary>Ends when all of the host's listeners have stopped, and their connections are closed.</summary>
    internal Task WaitForDrainAsync(CancellationToken cancellationToken) => Task.WhenAll(Open().Select(listener => listener.WaitForDrainAsync(cancellationToken)));

    /// <summary>
    /// Sends a GOAWAY on each HTTP/2 connection, also on those that bring no request just now. Not for HTTP/1, of which the same would close
    /// idle connections with a request on the way. Kestrel's own sockets are not known here: theirs get it with their next request.
    /// </summary>
    internal void RequestCloseOfHttp2()
    {
        lock (_lock)
        {
            _loop?.RequestCloseOfHttp2();
        }
    }

    /// <summary>The container calls it once for each of the two services that this is.</summary>
    public void Dispose()
    {
        _settling.Dispose();
        lock (_lock)
        {
            _loop?.Dispose();
        }
    }

    private IConnectionListener Create(ClusterListener listener)
    {
        if (options.Value.Transport == ClusterTransport.Sockets)
        {
            return new SocketConnectionListener(listener, sockets.Value, _logger, OnClosed);
        }

        var pool = CreatePool();
        return new ClusterConnectionListener(
            listener, new TransportSettings(sockets.Value, options.Value.ShareTlsSessions, pool, Loop(), _settling, new LoopLogger(_logger)), pool, OnClosed);
    }

    private ClusterListener[] Open()
    {
        lock (_lock)
        {
            return [.. _open];
        }
    }

    private async ValueTask GiveUpAsync(ClusterListener? listener)
    {
        if (listener is null)
        {
            ThisProcess.Hosts.NotOpened();
            return;
        }

        // Open, but there was no descriptor left for what is around it, say.
        await listener.DisposeAsync().ConfigureAwait(false);
        OnClosed(listener);
    }

    private void OnClosed(ClusterListener listener)
    {
        bool isFirst;
        lock (_lock)
        {
            isFirst = _open.Remove(listener);
        }

        if (isFirst)
        {
            ThisProcess.Hosts.Closed(host);
        }
    }

    /// <summary>Kestrel's own kind of pool; before .NET 10 it was Kestrel's alone.</summary>
    private MemoryPool<byte> CreatePool()
    {
#if NET10_0_OR_GREATER
        return ((IMemoryPoolFactory<byte>?)services.GetService(typeof(IMemoryPoolFactory<byte>)))?.Create(new MemoryPoolOptions { Owner = "prefork" }) ?? MemoryPool<byte>.Shared;
#else
        _ = services;
        return MemoryPool<byte>.Shared;
#endif
    }

    private IoLoop Loop()
    {
        lock (_lock)
        {
            return _loop ??= new IoLoop(new LoopLogger(_logger));
        }
    }
}
