using System.Net;
using System.Net.Sockets;
using Prefork.Native;
using Prefork.Wire;

namespace Prefork.Sockets;

/// <summary>Opens what is asked for. An error is a <see cref="SocketException"/> of the kernel's, at once and not later in somebody else's call.</summary>
internal static class Binder
{
    /// <summary>Bytes in sun_path without the NUL at its end (unix(7)).</summary>
    internal const int MaxUnixPath = 107;

    // Linux's numbers; Cluster refuses the option elsewhere.
    private const int SolSocket = 1;
    private const int SoReusePort = 15;

    /// <summary>A bound socket, listening when <paramref name="listen"/> says so and it is not UDP. The caller owns it.</summary>
    /// <exception cref="SocketException">The address is in use, forbidden, or not of this machine.</exception>
    internal static Socket Bind(ListenQuery query, bool listen)
    {
        var socket = query.Descriptor is { } descriptor ? Adopt(descriptor, query.IsUdp)
            : query.IsUnix ? BindUnix(query)
            : query.IsUdp ? BindUdp(query)
            : BindTcp(query);
        try
        {
            if (listen && !query.IsUdp)
            {
                socket.Listen(query.Backlog > 0 ? query.Backlog : ListenQuery.DefaultBacklog);
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Looks at the path of a socket that listens. Null when it still leads there; else another socket, bound to it and listening, which the caller owns.
    /// </summary>
    /// <exception cref="SocketException">The path leads to somebody else's socket, or it cannot be bound.</exception>
    internal static UnixPathSocket? BindAgain(ListenQuery query, UnixPathSocket current)
    {
        if (current.IsInPlace())
        {
            return null;
        }

        try
        {
            return (UnixPathSocket)Bind(query, listen: true);
        }
        catch (AddressInUseException exception) when (exception.Holder == Environment.ProcessId)
        {
            // On a file system that numbers its files anew: who answers there is this process.
            return null;
        }
    }

    private static Socket BindTcp(ListenQuery query)
    {
        if (query.Address is null && !Socket.OSSupportsIPv6)
        {
            return BindNew(SocketType.Stream, ProtocolType.Tcp, new IPEndPoint(IPAddress.Any, query.Port!.Value), query, reuse: false);
        }

        var address = query.Address is null ? IPAddress.IPv6Any : Parse(query.Address);
        return BindNew(SocketType.Stream, ProtocolType.Tcp, new IPEndPoint(address, query.Port!.Value), query, reuse: false);
    }

    private static Socket BindUdp(ListenQuery query)
    {
        var any = query.AddressType == "udp6" ? IPAddress.IPv6Any : IPAddress.Any;
        var endPoint = new IPEndPoint(query.Address is null ? any : Parse(query.Address), query.Port!.Value);
        return BindNew(SocketType.Dgram, ProtocolType.Udp, endPoint, query, (query.Flags & ListenQuery.ReuseAddress) != 0);
    }

    private static Socket BindNew(SocketType type, ProtocolType protocol, IPEndPoint endPoint, ListenQuery query, bool reuse)
    {
        var socket = new Socket(endPoint.AddressFamily, type, protocol);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = (query.Flags & ListenQuery.V6Only) == 0;
            }

            if (reuse)
            {
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            }

            if (query.ReusePort)
            {
                socket.SetRawSocketOption(SolSocket, SoReusePort, BitConverter.GetBytes(1));
            }

            socket.Bind(endPoint);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Socket BindUnix(ListenQuery query)
    {
        var path = query.Address!;
        if (path.StartsWith('\0'))
        {
            return BindAbstract(path);
        }

        // A long absolute path may still be near by.
        var address = Length(path) > MaxUnixPath ? Path.GetRelativePath(Environment.CurrentDirectory, path) : path;
        if (Length(address) > MaxUnixPath)
        {
            throw TooLong(path);
        }

        path = Path.GetFullPath(path);
        var socket = BindOrReplace(address, path);
        try
        {
            SetMode(path, query);
            return socket;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            throw Failed(exception, $"The mode of {path} could not be changed: {exception.Message}");
        }
    }

    private static Socket BindAbstract(string name)
    {
        if (Length(name) > MaxUnixPath)
        {
            throw TooLong(name.Replace('\0', '@'));
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(name));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static UnixPathSocket BindOrReplace(string address, string path)
    {
        var found = FileType.IdentityOf(path);
        try
        {
            return BindPath(address, path);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            if (!IsStale(address, out var holder))
            {
                throw new AddressInUseException(holder, exception.Message);
            }

            // Left behind by a process that was killed: nobody listens on it any more. Not what somebody else has put there since.
            if (FileType.IdentityOf(path) == found)
            {
                Delete(path);
            }

            return BindPath(address, path);
        }
    }

    private static UnixPathSocket BindPath(string address, string path)
    {
        var socket = new UnixPathSocket();
        try
        {
            socket.BindTo(address, path);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Does not wait: the owner of a full backlog may never accept.</summary>
    /// <param name="address">The path.</param>
    /// <param name="holder">Who listens there, if anybody does and it can be known.</param>
    private static bool IsStale(string address, out int? holder)
    {
        holder = null;
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(address));
            holder = OperatingSystem.IsLinux() ? SocketOption.PeerProcess((int)probe.Handle) : null;
            return false;
        }
        catch (SocketException exception)
        {
            // A file that is no socket refuses as well; it is not ours to delete.
            return exception.SocketErrorCode == SocketError.ConnectionRefused && FileType.IsSocket(address);
        }
    }

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Failed(exception, $"The socket that nobody listens on at {path} could not be deleted: {exception.Message}");
        }
    }

    private static void SetMode(string path, ListenQuery query)
    {
        if (query.ReadableAll || query.WritableAll)
        {
            var mode = File.GetUnixFileMode(path);
            mode |= query.ReadableAll ? UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead : 0;
            mode |= query.WritableAll ? UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite : 0;
            File.SetUnixFileMode(path, mode);
        }
    }

    private static int Length(string path) => System.Text.Encoding.UTF8.GetByteCount(path);

    private static SocketException TooLong(string path)
        => new((int)SocketError.InvalidArgument, $"The path {path} is longer than the {MaxUnixPath} bytes that a Unix socket may have.");

    /// <summary>The file system's word as a socket's: somebody else's folder is forbidden, and what cannot be removed is in use.</summary>
    private static SocketException Failed(Exception exception, string message)
        => new((int)(exception is UnauthorizedAccessException ? SocketError.AccessDenied : SocketError.AddressAlreadyInUse), message);

    /// <summary>
    /// Only what can be listened on: an unconnected TCP or Unix stream socket, or a UDP socket. Channels and lanes are connected,
    /// so no worker can ask for another one's.
    /// </summary>
    private static Socket Adopt(int descriptor, bool udp)
    {
        try
        {
            // A duplicate: the descriptor stays whoever's it was.
            using var borrowed = new Microsoft.Win32.SafeHandles.SafeFileHandle(descriptor, ownsHandle: false);
            var socket = DescriptorSocket.From(FileDescriptor.Duplicate(borrowed));
            var internet = socket.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6;
            if (!socket.Connected && (udp
                ? internet && socket.SocketType == SocketType.Dgram
                : (internet || socket.AddressFamily == AddressFamily.Unix) && socket.SocketType == SocketType.Stream))
            {
                return socket;
            }

            socket.Dispose();
            throw new SocketException((int)SocketError.InvalidArgument, $"Descriptor {descriptor} of the primary is no {(udp ? "UDP" : "unconnected stream")} socket.");
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new SocketException((int)SocketError.InvalidArgument, $"Descriptor {descriptor} of the primary is not open: {exception.Message}");
        }
    }

    private static IPAddress Parse(string address)
        => IPAddress.TryParse(address, out var parsed) ? parsed : throw new SocketException((int)SocketError.AddressNotAvailable, $"'{address}' is no IP address.");
}
