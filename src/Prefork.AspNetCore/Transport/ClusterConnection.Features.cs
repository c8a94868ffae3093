using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Prefork.AspNetCore.Transport;

/// <content>What the application may ask of a connection. Names of the socket cost a call each, so they wait until they are asked for.</content>
internal sealed partial class ClusterConnection :
    IConnectionIdFeature, IConnectionTransportFeature, IConnectionItemsFeature, IMemoryPoolFeature,
    IConnectionLifetimeFeature, IConnectionEndPointFeature, IConnectionSocketFeature
{
    private EndPoint? _local;
    private EndPoint? _remote;
    private bool _localKnown;
    private bool _remoteKnown;
    private ConnectionSocket? _socket;
    private volatile ConnectionFeatures? _features;

    public override string ConnectionId
    {
        get
        {
            if (field is null)
            {
                // The loop may log of it while the application asks.
                Interlocked.CompareExchange(ref field, ConnectionIds.Next(), null);
            }

            return field;
        }

        set;
    }

    public override IFeatureCollection Features => _features ??= new ConnectionFeatures(this);

    public override IDictionary<object, object?> Items
    {
        get => field ??= new ConnectionItems();
        set;
    }

    /// <summary>Middleware puts its own in place of ours; TLS does when the handshake is over, and what was agreed on is known then, and not before.</summary>
    public override IDuplexPipe Transport
    {
        get;
        set
        {
            field = value;
            if (value != this && HasAgreedOnHttp2())
            {
                _isHttp2 = true;
            }
        }
    }

    public override CancellationToken ConnectionClosed { get; set; }

    public override EndPoint? LocalEndPoint
    {
        get
        {
            if (!_localKnown)
            {
                _local = FindLocal();
                _localKnown = true;
            }

            return _local;
        }

        set
        {
            _local = value;
            _localKnown = true;
        }
    }

    public override EndPoint? RemoteEndPoint
    {
        get
        {
            if (!_remoteKnown)
            {
                _remote = Ask(SocketName.Remote);
                _remoteKnown = true;
            }

            return _remote;
        }

        set
        {
            _remote = value;
            _remoteKnown = true;
        }
    }

    public MemoryPool<byte> MemoryPool => _settings.Pool;

    /// <summary>A socket over a duplicate, for those who set options or look at the connection. It closes with the connection, and the connection with it.</summary>
    public Socket Socket
    {
        get
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_shutdownReason is not null, this);
                if (_socket is null)
                {
                    // Now, though it costs a call: it shows what Kestrel's would, and what the application sets after this stays.
                    SetNoDelay();
                    _socket = Duplicate();
                }

                return _socket;
            }
        }
    }

    /// <summary>Before the first read: a connection that the client has reset has no names any more. Kestrel's HTTP has asked for them by then.</summary>
    internal void RememberNames()
    {
        _ = LocalEndPoint;
        _ = RemoteEndPoint;
    }

    /// <summary>A listener on one address accepts for no other, so only one on all of them leaves a question.</summary>
    private EndPoint? FindLocal() => _listening switch
    {
        IPEndPoint ip when !ip.Address.Equals(IPAddress.Any) && !ip.Address.Equals(IPAddress.IPv6Any) => new IPEndPoint(ip.Address, ip.Port),
        UnixDomainSocketEndPoint => _listening,
        _ => Ask(SocketName.Local),
    };

    private bool HasAgreedOnHttp2()
    {
        try
        {
            return _features?.Get<ITlsApplicationProtocolFeature>()?.ApplicationProtocol.Span.SequenceEqual("h2"u8) ?? false;
        }
        catch (InvalidOperationException)
        {
            // Other middleware's pipes, put in place while the handshake goes on, or when it has failed.
            return false;
        }
    }

    private EndPoint? Ask(Func<SafeHandle, EndPoint?> name)
    {
        try
        {
            return name(Handle);
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    private ConnectionSocket Duplicate()
    {
        var number = Libc.Fcntl(Handle, Libc.F_DUPFD_CLOEXEC, 0);
        if (number < 0)
        {
            throw new SocketException((int)SocketError.TooManyOpenSockets);
        }

        // The open socket does not block. .NET is told so, or the first synchronous call would fail; it then waits by itself.
        var socket = new ConnectionSocket(new SafeSocketHandle(number, ownsHandle: true), this) { Blocking = false };
        socket.Blocking = true;
        return socket;
    }
}
