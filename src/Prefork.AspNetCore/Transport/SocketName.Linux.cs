using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Prefork.AspNetCore.Transport;

/// <summary>The two names of a socket, asked for when somebody wants to know.</summary>
internal static unsafe class SocketName
{
    private const int Size = 128;

    internal static EndPoint? Local(SafeHandle socket)
    {
        var address = stackalloc byte[Size];
        uint length = Size;
        return Libc.GetSockName(socket, address, &length) == 0 ? Parse(new ReadOnlySpan<byte>(address, (int)Math.Min(length, Size))) : null;
    }

    internal static EndPoint? Remote(SafeHandle socket)
    {
        var address = stackalloc byte[Size];
        uint length = Size;
        return Libc.GetPeerName(socket, address, &length) == 0 ? Parse(new ReadOnlySpan<byte>(address, (int)Math.Min(length, Size))) : null;
    }

    /// <summary>An IPv4 client of an IPv6 socket stays ::ffff:a.b.c.d, as it does with Kestrel's own sockets.</summary>
    internal static EndPoint? Parse(ReadOnlySpan<byte> name)
    {
        if (name.Length < sizeof(ushort))
        {
            return null;
        }

        return MemoryMarshal.Read<ushort>(name) switch
        {
            // sockaddr_in: family, port, address.
            2 when name.Length >= 8 => new IPEndPoint(new IPAddress(name.Slice(4, 4)), Port(name)),

            // sockaddr_in6: family, port, flow, address, scope.
            10 when name.Length >= 28 => new IPEndPoint(new IPAddress(name.Slice(8, 16), MemoryMarshal.Read<uint>(name[24..])), Port(name)),
            1 => UnixName(name[2..]),
            _ => null,
        };
    }

    private static int Port(ReadOnlySpan<byte> name) => (name[2] << 8) | name[3];

    /// <summary>A client seldom binds its end: no name is no end point.</summary>
    private static UnixDomainSocketEndPoint? UnixName(ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty)
        {
            return null;
        }

        if (path[0] == 0)
        {
            return path.Length == 1 ? null : new UnixDomainSocketEndPoint("\0" + System.Text.Encoding.UTF8.GetString(path[1..]));
        }

        var end = path.IndexOf((byte)0);
        return new UnixDomainSocketEndPoint(System.Text.Encoding.UTF8.GetString(end < 0 ? path : path[..end]));
    }
}
