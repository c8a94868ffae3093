using System.Net;
using System.Net.Sockets;
using Prefork;

namespace ClusterApp;

/// <summary>The child of Node's child_process.fork: obeys its parent's messages, answers by messages, and may have workers of its own.</summary>
internal sealed class ChildShell
{
    private ParentProcess _parent = null!;

    /// <param name="options"><c>ignore</c> never asks for the parent; <c>late</c> asks, and listens when there is a line on the standard input.</param>
    internal async Task RunAsync(string[] options)
    {
        if (options is ["ignore"])
        {
            Console.WriteLine($"primary {Cluster.IsPrimary} channel {Environment.GetEnvironmentVariable("NODE_CHANNEL_FD")} spawned {Children.Start("sleep", "30")}");
            return;
        }

        _parent = Cluster.Parent ?? throw new InvalidOperationException("There is no parent process.");
        _parent.Disconnected += (_, _) => Console.WriteLine($"disconnected {_parent.IsConnected}");
        _parent.Error += (_, e) => Console.WriteLine($"error {e.GetException().GetType().Name}");
        if (options is ["late"])
        {
            await _parent.SendAsync("waits");
            await Console.In.ReadLineAsync();
        }

        _parent.MessageReceived += (_, e) => Obey(e.Message);
        await _parent.WaitForDisconnectAsync();
        try
        {
            await _parent.SendAsync("too late");
        }
        catch (ClusterChannelClosedException)
        {
            Console.WriteLine("closed");
        }
    }

    private void Obey(ClusterMessage message)
    {
        if (Values.TryEcho(message, _parent.SendValueAsync, _parent.SendValueAsync, sample => _parent.SendAsync(sample)))
        {
            return;
        }

        var words = message.Get<string>()!.Split(' ', 2);
        if (message.TakeSocket() is { } socket)
        {
            _ = UseAsync(words[0], socket);
            return;
        }

        switch (words[0])
        {
            case "send":
                _ = SendSocketAsync(words[1]);
                break;
            case "spawn":
                Say($"spawned {Children.Start("sleep", "30")} {Environment.GetEnvironmentVariable("NODE_CHANNEL_FD")}{Environment.GetEnvironmentVariable("NODE_CHANNEL_SERIALIZATION_MODE")}");
                break;
            case "fork":
                Fork(words[1]);
                break;
            case "disconnect":
                Say("goodbye");
                _parent.Disconnect();
                _parent.Disconnect();
                break;
            default:
                Say($"heard {message.Get<string>()} {_parent.IsConnected} {Cluster.IsPrimary}");
                break;
        }
    }

    /// <summary>Serves what came, of whatever kind it is, once.</summary>
    private static async Task UseAsync(string text, Socket socket)
    {
        using (socket)
        {
            if (socket.SocketType == SocketType.Dgram)
            {
                var received = await socket.ReceiveFromAsync(new byte[100], new IPEndPoint(IPAddress.Any, 0));
                await socket.SendToAsync("datagram"u8.ToArray(), received.RemoteEndPoint);
            }
            else if (socket.Connected)
            {
                await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes($"{text} served"));
            }
            else
            {
                using var connection = await socket.AcceptAsync();
                await connection.SendAsync("accepted"u8.ToArray());
            }
        }
    }

    private async Task SendSocketAsync(string kind)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, kind == "udp" ? SocketType.Dgram : SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        if (kind == "udp")
        {
            await _parent.SendAsync("udp", socket);
            return;
        }

        socket.Listen();
        if (kind == "server")
        {
            await _parent.SendAsync("server", socket);
            return;
        }

        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(socket.LocalEndPoint!);
        using (var accepted = await socket.AcceptAsync())
        {
            await _parent.SendAsync("connection", accepted);
        }

        var buffer = new byte[100];
        Say($"client heard {System.Text.Encoding.UTF8.GetString(buffer, 0, await client.ReceiveAsync(buffer))}");
    }

    private void Fork(string script)
    {
        Cluster.SetupPrimary(settings => settings.Exec = script);
        var worker = Cluster.Fork();
        worker.MessageReceived += (_, e) => Say($"worker {worker.Id}: {e.Message.Get<string>()}");
        worker.Exited += (_, e) => Say($"worker {worker.Id} exits {e.Exit.Code}");
        _ = worker.SendAsync("hello").AsTask();
    }

    private void Say(string text) => _ = _parent.SendAsync(text).AsTask();
}
