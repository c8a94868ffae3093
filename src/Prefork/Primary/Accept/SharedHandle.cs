using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Prefork.Native;
using Prefork.Sockets;
using Prefork.Wire;

namespace Prefork.Primary.Accept;

/// <summary>
/// The workers accept, or receive datagrams, from one socket. The primary's descriptor keeps the socket, and its queue,
/// alive while workers come and go; each worker gets a descriptor of its own by the channel.
/// </summary>
internal sealed class SharedHandle : ListenHandle
{
    private readonly Closer _closer = new();
    private readonly BlockingPool _files;
    private readonly Queue<Socket> _replaced = new();

    /// <summary>Takes ownership of <paramref name="socket"/>.</summary>
    internal SharedHandle(ListenQuery query, JsonElement data, Socket socket, BlockingPool files) : base(query, data)
    {
        _files = files;
        Socket = socket;
        Path = socket as UnixPathSocket;
        LocalEndPoint = socket.LocalEndPoint!;
    }

    /// <summary>What the next worker gets.</summary>
    internal Socket Socket { get; private set; }

    internal override EndPoint LocalEndPoint { get; }

    /// <summary>Workers that have the old socket accept from it; nobody finds it by the path any more.</summary>
    internal override void Replace(UnixPathSocket fresh)
    {
        base.Replace(fresh);
        _replaced.Enqueue(Socket);
        Socket = fresh;
        if (_replaced.Count > AcceptSources.MostReplaced)
        {
            Close(_replaced.Dequeue(), static () => { });
        }
    }

    internal override void Close(Action closed)
    {
        while (_replaced.TryDequeue(out var socket))
        {
            Close(socket, static () => { });
        }

        Close(Socket, closed);
    }

    private void Close(Socket socket, Action closed)
    {
        if (SocketOption.Get((int)socket.Handle, Linux.SO_LINGER) is null or 0)
        {
            ListenerSocket.Close(socket, _files, closed);
        }
        else
        {
            // Workers have it too, and may have made something of it whose close waits.
            _closer.CloseForeign(socket, closed);
        }
    }
}
