using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Prefork.Native;

namespace Prefork.Handles;

/// <summary>
/// The workers accept, or receive datagrams, from one socket. The primary's descriptor keeps the socket, and its queue,
/// alive while workers come and go; each worker gets a descriptor of its own by the channel.
/// </summary>
internal sealed class SharedHandle(ListenQuery query, JsonElement data, Socket socket) : ListenHandle(query, data)
{
    private readonly Closer _closer = new();

    internal Socket Socket { get; } = socket;

    internal override EndPoint LocalEndPoint { get; } = socket.LocalEndPoint!;

    internal override void Close(Action closed)
    {
        if (SocketOption.Get((int)Socket.Handle, Linux.SO_LINGER) is null or 0)
        {
            Socket.Dispose();
            closed();
        }
        else
        {
            // Workers have it too, and may have made something of it whose close waits.
            _closer.CloseForeign(Socket, closed);
        }
    }
}
