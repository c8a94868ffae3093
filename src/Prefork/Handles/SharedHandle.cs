using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Prefork.Handles;

/// <summary>
/// The workers accept, or receive datagrams, from one socket. The primary's descriptor keeps the socket, and its queue,
/// alive while workers come and go; each worker gets a descriptor of its own by the channel.
/// </summary>
internal sealed class SharedHandle(ListenQuery query, JsonElement data, Socket socket) : ListenHandle(query, data)
{
    internal Socket Socket { get; } = socket;

    internal override EndPoint LocalEndPoint { get; } = socket.LocalEndPoint!;

    internal override void Close(Action closed)
    {
        Socket.Dispose();
        closed();
    }
}
