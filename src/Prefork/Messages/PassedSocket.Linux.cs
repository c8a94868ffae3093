using System.Net.Sockets;
using Prefork.Native;
using Prefork.Wire;

namespace Prefork.Messages;

/// <summary>A socket that rides on a message.</summary>
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

    /// <summary>What is wrong with a descriptor that came as <paramref name="type"/>; null when it is what its message says.</summary>
    internal static string? FaultOf(FileDescriptor descriptor, string? type) => type switch
    {
        HandleType.Native or HandleType.Socket or HandleType.Server => IsStream(descriptor.Number) ? null : $"as {type} which is no stream socket",
        HandleType.DatagramNative or HandleType.DatagramSocket => IsUdp(descriptor.Number) ? null : $"as {type} which is no UDP socket",
        _ => "of a type that is unknown",
    };

    /// <summary>The program is promised a socket: anything else would be its handler's to stumble over. What is none goes to <paramref name="closer"/>.</summary>
    /// <exception cref="ClusterProtocolException">It is not what its message says.</exception>
    internal static void Check(FileDescriptor? handle, string? type, string sender, Closer closer)
    {
        if (handle is not null && FaultOf(handle, type) is { } fault)
        {
            closer.CloseForeign(handle);
            throw new ClusterProtocolException($"{sender} sent a descriptor {fault}; the channel is closed.");
        }
    }

    /// <summary>A duplicate, non-blocking: a blocking one would freeze a Node peer.</summary>
    internal static FileDescriptor Duplicate(Socket socket)
    {
        DescriptorSocket.SetNonBlocking(socket);
        return FileDescriptor.Duplicate(socket.SafeHandle);
    }

    internal static void SetNonBlocking(int descriptor)
        => Errno.Check(Libc.Fcntl(descriptor, Linux.F_SETFL, Libc.Fcntl(descriptor, Linux.F_GETFL, 0) | Linux.O_NONBLOCK), "make a socket non-blocking");

    private static bool IsListening(Socket socket) => SocketOption.Get((int)socket.Handle, Linux.SO_ACCEPTCONN) is not (null or 0);

    private static bool IsStream(int descriptor)
        => SocketOption.Get(descriptor, Linux.SO_TYPE) == Linux.SOCK_STREAM
            && SocketOption.Get(descriptor, Linux.SO_DOMAIN) is Linux.AF_INET or Linux.AF_INET6 or Linux.AF_UNIX;

    private static bool IsUdp(int descriptor)
        => SocketOption.Get(descriptor, Linux.SO_TYPE) == Linux.SOCK_DGRAM && SocketOption.Get(descriptor, Linux.SO_DOMAIN) is Linux.AF_INET or Linux.AF_INET6;
}
