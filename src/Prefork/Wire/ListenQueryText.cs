using Prefork.Reporting;

namespace Prefork.Wire;

/// <summary>A listen query in words.</summary>
internal static class ListenQueryText
{
    private const int LongestAddress = 1000;

    /// <summary>For messages, also such as reach a terminal: a path is somebody's word, and may be anything, of any length.</summary>
    internal static string Describe(this ListenQuery query)
    {
        if (query.Descriptor is { } descriptor)
        {
            return $"descriptor {descriptor}";
        }

        var address = PlainText.Line((query.Address ?? "*").Replace('\0', '@'), LongestAddress);
        return query.IsUnix ? address
            : $"{(query.Address is not null && query.AddressType is "6" or "udp6" ? $"[{address}]" : address)}:{query.Port}{(query.IsUdp ? " (UDP)" : "")}";
    }
}
