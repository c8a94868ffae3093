using System.Net;
using System.Net.Sockets;
using Prefork;

namespace ClusterApp;

/// <summary>Sockets that say that they block, used so.</summary>
internal static class BlockingSockets
{
    internal const string Message = "use this blocking";
    private const int Wait = 20;

    /// <summary>Whose other ends are in use elsewhere.</summary>
    private static readonly List<Socket> s_clients = [];

    /// <summary>Makes one of that kind, has <paramref name="send"/> pass it on, and uses it here as well.</summary>
    internal static async Task<string> PassAsync(string kind, Func<Socket, ValueTask> send)
    {
        using var socket = Create(kind);
        await send(socket);
        return $"{kind} here {Use(socket)}";
    }

    /// <summary>A socket that the cluster has given this worker.</summary>
    internal static async Task<string> GetAsync(string kind)
    {
        if (kind == "udp")
        {
            using var udp = await Cluster.BindUdpAsync(new IPEndPoint(IPAddress.Loopback, 0));
            return $"{kind} given {Use(udp)}";
        }

        await using var listener = await Cluster.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var connecting = client.ConnectAsync(listener.LocalEndPoint);
        using var server = (await listener.AcceptAsync())!;
        await connecting;
        return $"{kind} given {Use(server)}";
    }

    /// <summary>What a synchronous call does that has to wait: that, until its time is over.</summary>
    internal static string Use(Socket socket)
    {
        try
        {
            if (!socket.Blocking)
            {
                return "says that it does not block";
            }

            if (socket.SocketType == SocketType.Dgram)
            {
                EndPoint from = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
                return $"receive {TimesOut(socket, () => socket.ReceiveFrom(new byte[100], ref from))}";
            }

            return socket.Connected
                ? $"receive {TimesOut(socket, () => socket.Receive(new byte[100]))} send {TimesOut(socket, () => Fill(socket))}"
                : $"accept {Accepts(socket)}";
        }
        catch (Exception exception)
        {
            return $"{exception.GetType().Name}: {exception.Message}";
        }
    }

    private static string TimesOut(Socket socket, Action call)
    {
        socket.ReceiveTimeout = socket.SendTimeout = Wait;
        try
        {
            call();
            return "did not wait";
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.TimedOut)
        {
            return "waits";
        }
    }

    private static void Fill(Socket socket)
    {
        var data = new byte[1024 * 1024];
        for (var i = 0; i < 100; i++)
        {
            socket.Send(data);
        }
    }

    /// <summary>It waits when its thread does; then somebody connects.</summary>
    private static string Accepts(Socket listener)
    {
        var accepted = "is still there";
        var thread = new Thread(() =>
        {
            try
            {
                using var connection = listener.Accept();
                accepted = "waits";
            }
            catch (Exception exception)
            {
                accepted = $"{exception.GetType().Name}: {exception.Message}";
            }
        })
        {
            IsBackground = true,
        };
        thread.Start();
        SpinWait.SpinUntil(() => (thread.ThreadState & (ThreadState.WaitSleepJoin | ThreadState.Stopped)) != 0, TimeSpan.FromSeconds(5));
        using var client = new Socket(listener.AddressFamily, SocketType.Stream, listener.ProtocolType);
        client.Connect(listener.LocalEndPoint!);
        thread.Join(TimeSpan.FromSeconds(5));
        return accepted;
    }

    private static Socket Create(string kind)
    {
        if (kind == "udp")
        {
            var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            udp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            return udp;
        }

        var unix = kind.StartsWith("unix", StringComparison.Ordinal);
        var listener = new Socket(unix ? AddressFamily.Unix : AddressFamily.InterNetwork, SocketType.Stream, unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        listener.Bind(unix ? new UnixDomainSocketEndPoint($"\0prefork-{Guid.NewGuid():N}") : new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        if (kind.EndsWith("listening", StringComparison.Ordinal))
        {
            return listener;
        }

        var client = new Socket(listener.AddressFamily, SocketType.Stream, listener.ProtocolType);
        client.Connect(listener.LocalEndPoint!);
        var server = listener.Accept();
        listener.Dispose();
        s_clients.Add(client);
        return server;
    }
}
