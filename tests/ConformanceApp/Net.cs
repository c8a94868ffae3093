using System.Net;
using System.Net.Sockets;
using System.Text;
using Prefork;

namespace ConformanceApp;

/// <summary>Clients, servers and addresses in a line each.</summary>
internal static class Net
{
    internal static IPEndPoint AnyPort => Loopback(0);

    internal static IPEndPoint Loopback(int port) => new(IPAddress.Loopback, port);

    internal static IPEndPoint Loopback(ListeningAddress address) => Loopback(address.Port);

    internal static int Port(this ClusterListener listener) => ((IPEndPoint)listener.LocalEndPoint).Port;

    internal static int Port(this Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    internal static async Task<Socket> ConnectAsync(EndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, endPoint is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
        await socket.ConnectAsync(endPoint).WithinPatience();
        return socket;
    }

    /// <summary>A listening socket of this process's own, which the cluster knows nothing of.</summary>
    internal static Socket Listen(EndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, endPoint is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
        socket.Bind(endPoint);
        socket.Listen();
        return socket;
    }

    /// <summary>A port that was free a moment ago, for tests in which it has to be known beforehand.</summary>
    internal static int FreePort()
    {
        using var socket = Listen(AnyPort);
        return socket.Port();
    }

    internal static Socket Udp(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(endPoint);
        return socket;
    }

    /// <summary>Serves connections, each on its own, until the listener ends.</summary>
    internal static async Task ServeAsync(ClusterListener listener, Func<Socket, Task> serve)
    {
        while (await listener.AcceptAsync() is { } connection)
        {
            _ = Task.Run(() => serve(connection));
        }
    }

    internal static Task CloseAsync(Socket connection)
    {
        connection.Dispose();
        return Task.CompletedTask;
    }

    internal static async Task SayAsync(this Socket socket, string text) => await socket.SendAsync(Encoding.UTF8.GetBytes(text)).WithinPatience();

    /// <summary>What comes next, or nothing at the end.</summary>
    internal static async Task<string> HearAsync(this Socket socket)
    {
        var buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer).WithinPatience());
    }

    /// <summary>All that comes until the other side closes. A reset is an end, too.</summary>
    internal static async Task<string> HearToEndAsync(this Socket socket)
    {
        var text = new StringBuilder();
        try
        {
            while (await socket.HearAsync() is { Length: > 0 } part)
            {
                text.Append(part);
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            // The other side was killed, or closed with something unread.
        }

        return text.ToString();
    }
}
