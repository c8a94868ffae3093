using System.Net.Sockets;
using Prefork.Ipc;
using Prefork.Native;

namespace Prefork;

/// <summary>A socket about to ride on a message.</summary>
internal static class PassedSocket
{
    /// <exception cref="ArgumentException">Not a stream or UDP socket: a Node peer would die of it.</exception>
    internal static string TypeOf(Socket socket) => (socket.AddressFamily, socket.SocketType) switch
    {
        (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6, SocketType.Dgram) => HandleType.DatagramSocket,
        (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 or AddressFamily.Unix, SocketType.Stream)
            => IsListening(socket) ? HandleType.Server : HandleType.Socket,
        _ => throw new ArgumentException($"A {socket.AddressFamily} {socket.SocketType} socket cannot ride on a message; TCP, Unix stream and UDP sockets can.", nameof(socket)),
    };

    /// <summary>
    /// A duplicate, non-blocking: that is a property of the open socket itself, so it holds for the sender's own descriptor too.
    /// A blocking one would freeze a Node peer.
    /// </summary>
    internal static FileDescriptor Duplicate(Socket socket)
    {
        var duplicate = FileDescriptor.Duplicate(socket.SafeHandle);
        SetNonBlocking(duplicate.Number);
        return duplicate;
    }

    internal static void SetNonBlocking(int descriptor)
        => Errno.Check(Libc.Fcntl(descriptor, Linux.F_SETFL, Libc.Fcntl(descriptor, Linux.F_GETFL, 0) | Linux.O_NONBLOCK), "make a socket non-blocking");

    private static unsafe bool IsListening(Socket socket)
    {
        var listening = 0;
        var length = (uint)sizeof(int);
        return Libc.GetSockOpt((int)socket.Handle, Linux.SOL_SOCKET, Linux.SO_ACCEPTCONN, &listening, &length) == 0 && listening != 0;
    }
}
