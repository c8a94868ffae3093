using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace ClusterApp;

/// <summary>Descriptors that are not what their message says, or that no message speaks of. They come in lines of their own, and of the wire's.</summary>
internal static unsafe class HostileDescriptors
{
    private const int SolSocket = 1;
    private const int ScmRights = 1;
    private static readonly List<Socket> s_open = [];

    internal static void Send(Socket channel, string offence)
    {
        using var file = File.OpenHandle(Environment.ProcessPath!);
        using var connection = Connection();
        using var datagrams = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        datagrams.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var pipe = stackalloc int[2];
        _ = pipe2(pipe, 0x80000);
        var (tcp, udp, regular) = ((int)connection.Handle, (int)datagrams.Handle, (int)file.DangerousGetHandle());
        const string Socket = "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":\"a socket\"}\n";
        switch (offence)
        {
            case "file":
                SendLine(channel, Socket, regular);
                break;
            case "pipe":
                SendLine(channel, Socket, pipe[0]);
                break;
            case "datagram":
                SendLine(channel, Socket, udp);
                break;
            case "stream":
                SendLine(channel, "{\"cmd\":\"NODE_HANDLE\",\"type\":\"dgram.Socket\",\"msg\":\"a socket\",\"dgramType\":\"udp4\"}\n", tcp);
                break;
            case "typeless":
                SendLine(channel, "{\"cmd\":\"NODE_HANDLE\",\"msg\":\"a socket\"}\n", regular);
                break;
            case "unspoken":
                SendLine(channel, "\"a plain message\"\n", tcp);
                break;
            case "unspokenverb":
                SendLine(channel, "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"listening\",\"address\":null,\"port\":1,\"addressType\":4}\n", tcp);
                break;
            case "two":
                SendLine(channel, Socket, tcp, tcp);
                break;
            case "many":
                SendLine(channel, Socket, [.. Enumerable.Repeat(tcp, 200)]);
                break;
            case "none":
                SendLine(channel, Socket);
                break;
            case "fileverb":
                // Answered and closed: a verb needs no descriptor, and says so by not looking at it.
                SendLine(channel, "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\",\"msg\":{\"cmd\":\"NODE_CLUSTER\",\"act\":\"close\",\"key\":\"none\"}}\n", regular);
                break;
            case "lingering":
                SendLingering(channel, Socket);
                break;
            case "lingeringverb":
                SendLingering(channel, "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\",\"msg\":{\"cmd\":\"NODE_CLUSTER\",\"act\":\"close\",\"key\":\"none\"}}\n");
                break;
            case "lingeringdatagram":
                SendLingering(channel, "{\"cmd\":\"NODE_HANDLE\",\"type\":\"dgram.Socket\",\"msg\":\"a socket\",\"dgramType\":\"udp4\"}\n");
                break;
            case "lingeringunspoken":
                SendLingering(channel, "\"a plain message\"\n");
                break;
            case "lingeringmany":
                SendLingering(channel, Socket, [.. Enumerable.Repeat(tcp, 50)]);
                break;
            case "lingeringnested":
                for (var i = 0; i < 10; i++)
                {
                    SendNested(channel, Socket);
                }

                SendLine(channel, "\"done\"\n");
                break;
            default:
                throw new ArgumentException($"no offence {offence}");
        }

        _ = close(pipe[0]);
        _ = close(pipe[1]);
    }

    private static Socket Connection()
    {
        // Open as long as this process lives: what is in its backlog is read by nobody.
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        s_open.Add(listener);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        return client;
    }

    /// <summary>Sends the last copy of a connection whose close waits; after others, if need be. The rest of the line comes when it is the last.</summary>
    private static void SendLingering(Socket channel, string line, params ReadOnlySpan<int> others)
    {
        var lingering = Lingering();
        SendLine(channel, line[..1], [.. others, lingering]);
        _ = close(lingering);
        SendLine(channel, line[1..] + "\"done\"\n");
    }

    /// <summary>Sends a socket that does not linger, in whose queue lies one that does.</summary>
    private static void SendNested(Socket channel, string line)
    {
        var pair = stackalloc int[2];
        _ = socketpair(1, 1, 0, pair);
        using (var outer = new Socket(new SafeSocketHandle(pair[0], ownsHandle: true)))
        {
            var lingering = Lingering();
            SendLine(outer, "x", lingering);
            _ = close(lingering);
            SendLine(channel, line[..1], pair[1]);
            _ = close(pair[1]);
        }

        SendLine(channel, line[1..]);
    }

    /// <summary>A connection whose close waits a minute for somebody who does not read.</summary>
    private static int Lingering()
    {
        var connection = Connection();
        connection.Blocking = false;
        var data = new byte[64 * 1024];
        SocketError error;
        do
        {
            connection.Send(data, SocketFlags.None, out error);
        }
        while (error == SocketError.Success);

        connection.LingerState = new LingerOption(enable: true, 60);
        return (int)connection.Handle;
    }

    private static void SendLine(Socket channel, string line, params ReadOnlySpan<int> descriptors)
    {
        var data = System.Text.Encoding.UTF8.GetBytes(line);
        var controlLength = descriptors.IsEmpty ? 0 : sizeof(ControlHeader) + ((descriptors.Length * sizeof(int) + 7) & ~7);
        var control = stackalloc byte[controlLength];
        if (controlLength > 0)
        {
            *(ControlHeader*)control = new ControlHeader { Length = (nuint)(sizeof(ControlHeader) + (descriptors.Length * sizeof(int))), Level = SolSocket, Type = ScmRights };
            descriptors.CopyTo(new Span<int>(control + sizeof(ControlHeader), descriptors.Length));
        }

        fixed (byte* bytes = data)
        {
            var vector = new Vector { Base = bytes, Length = (nuint)data.Length };
            var message = new Message { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = (nuint)controlLength };
            if (sendmsg((int)channel.Handle, &message, 0) != data.Length)
            {
                throw new IOException($"sendmsg: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
    }

    [DllImport("libc", SetLastError = true)]
    private static extern nint sendmsg(int socket, Message* message, int flags);

    [DllImport("libc")]
    private static extern int socketpair(int domain, int type, int protocol, int* descriptors);

    [DllImport("libc")]
    private static extern int pipe2(int* descriptors, int flags);

    [DllImport("libc")]
    private static extern int close(int descriptor);

    private struct ControlHeader
    {
        internal nuint Length;
        internal int Level;
        internal int Type;
    }

    private struct Vector
    {
        internal void* Base;
        internal nuint Length;
    }

#pragma warning disable CS0649 // The kernel's layout; not all of it is used.
    private struct Message
    {
        internal void* Name;
        internal uint NameLength;
        internal Vector* Vectors;
        internal nuint VectorCount;
        internal void* Control;
        internal nuint ControlLength;
        internal int Flags;
    }
#pragma warning restore CS0649
}
