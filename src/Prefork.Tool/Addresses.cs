using System.Globalization;

namespace Prefork.Tool;

/// <summary>A listen address in words.</summary>
internal static class Addresses
{
    /// <summary><c>127.0.0.1:8080</c>, <c>[::]:8080</c>, <c>/run/shop.sock</c>, <c>@name</c> for an abstract one, <c>udp 127.0.0.1:53</c>; with the descriptor it came by.</summary>
    internal static string Describe(ListeningAddress address)
    {
        var where = (address with { Descriptor = null }).ToEndPoint()?.ToString() ?? address.Address ?? "an address of its own";
        var descriptor = address.Descriptor is { } number and >= 0 ? number.ToString(CultureInfo.InvariantCulture) : null;
        return descriptor is not null && address is { Address: null, Port: <= 0 } ? $"descriptor {descriptor}"
            : $"{(address.AddressType.StartsWith("udp", StringComparison.Ordinal) ? "udp " : "")}{where}{(descriptor is null ? "" : $" (descriptor {descriptor})")}";
    }
}
