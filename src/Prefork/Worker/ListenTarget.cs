using System.Net;
using System.Net.Sockets;
using Prefork.Wire;

namespace Prefork.Worker;

/// <summary>From .NET's end points to Node's queries.</summary>
internal static class ListenTarget
{
    internal static ListenQuery Any(int port, ListenOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(port);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, ushort.MaxValue);
        return Stream(null, port, "4", options);
    }

    internal static async ValueTask<ListenQuery> FromAsync(EndPoint endPoint, ListenOptions options, CancellationToken cancellation)
        => endPoint switch
        {
            IPEndPoint ip => Stream(ip.Address.ToString(), ip.Port, Family(ip.Address), options),
            DnsEndPoint dns => await ResolveAsync(dns, options, cancellation).ConfigureAwait(false),
            UnixDomainSocketEndPoint unix => Stream(UnixPath(unix), -1, "-1", options),
            FileDescriptorEndPoint inherited => Stream(null, null, "4", options) with { Descriptor = inherited.Descriptor, Flags = 0 },
            null => throw new ArgumentNullException(nameof(endPoint)),
            _ => throw new NotSupportedException($"Cannot listen on a {endPoint.GetType().Name}; IP, host name, Unix path and inherited descriptor can be."),
        };

    internal static ListenQuery Udp(IPEndPoint endPoint, UdpOptions options)
        => new(
            endPoint.Address.ToString(),
            endPoint.Port,
            endPoint.AddressFamily == AddressFamily.InterNetworkV6 ? "udp6" : "udp4",
            null,
            (options.IPv6Only ? ListenQuery.V6Only : 0) | (options.ReuseAddress ? ListenQuery.ReuseAddress : 0),
            0,
            0,
            false,
            false)
        { ReusePort = options.ReusePort };

    internal static ListenQuery Udp(FileDescriptorEndPoint inherited)
        => new(null, null, "udp4", inherited.Descriptor, 0, 0, 0, false, false);

    private static ListenQuery Stream(string? address, int? port, string type, ListenOptions options)
        => new(
            address,
            port,
            type,
            null,
            options.IPv6Only ? ListenQuery.V6Only : 0,
            options.Backlog == ListenQuery.DefaultBacklog ? 0 : options.Backlog,
            0,
            options.ReadableAll,
            options.WritableAll)
        { ReusePort = options.ReusePort };

    /// <summary>Resolved in the worker, the first address, as Node does.</summary>
    private static async ValueTask<ListenQuery> ResolveAsync(DnsEndPoint endPoint, ListenOptions options, CancellationToken cancellation)
    {
        var addresses = await Dns.GetHostAddressesAsync(endPoint.Host, endPoint.AddressFamily, cancellation).ConfigureAwait(false);
        var address = addresses.FirstOrDefault(candidate => !candidate.IsIPv6LinkLocal)
            ?? throw new SocketException((int)SocketError.HostNotFound, $"The host '{endPoint.Host}' has no address.");
        return Stream(address.ToString(), endPoint.Port, Family(address), options);
    }

    private static string Family(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? "6" : "4";

    /// <summary>Made absolute here, for the primary may have another working directory. .NET shows an abstract name with a leading @.</summary>
    private static string UnixPath(UnixDomainSocketEndPoint endPoint)
    {
        var path = endPoint.ToString();
        return path.StartsWith('@') && IsAbstract(endPoint) ? $"\0{path[1..]}" : Path.GetFullPath(path);
    }

    private static bool IsAbstract(UnixDomainSocketEndPoint endPoint)
    {
        var address = endPoint.Serialize();
        return address.Size > 2 && address[2] == 0;
    }
}
