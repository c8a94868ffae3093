using System.Globalization;
using System.Text.Json;

namespace Prefork.Wire;

/// <summary>
/// What a worker asks the primary to open: the fields of Node's queryServer.
/// </summary>
/// <param name="Address">An IP address, a Unix path (absolute, or abstract with a leading NUL); null for every address.</param>
/// <param name="Port">The port; 0 for any, -1 for a path, null for a descriptor.</param>
/// <param name="AddressType">4, 6, -1 (Unix), "udp4" or "udp6".</param>
/// <param name="Descriptor">A descriptor of the primary's; null or -1 for none.</param>
/// <param name="Flags">TCP: 1 for v6 only. UDP: 1 for v6 only, 4 for address reuse.</param>
/// <param name="Backlog">The length of the queue; 0 for the default.</param>
/// <param name="Index">Tells listeners on port 0 apart.</param>
/// <param name="ReadableAll">A Unix path may be read by all.</param>
/// <param name="WritableAll">A Unix path may be written, and so connected to, by all.</param>
internal sealed record ListenQuery(
    string? Address, int? Port, string AddressType, int? Descriptor, int Flags, int Backlog, int Index, bool ReadableAll, bool WritableAll)
{
    /// <summary>Node's default, and its cap is the kernel's <c>somaxconn</c>.</summary>
    internal const int DefaultBacklog = 511;

    internal const int V6Only = 1;
    internal const int ReuseAddress = 4;

    /// <summary>The socket shares its address with others by SO_REUSEPORT: never crosses the wire, for such a socket is its worker's own.</summary>
    internal bool ReusePort { get; init; }

    internal bool IsUdp => AddressType is "udp4" or "udp6";

    internal bool IsUnix => AddressType == "-1";

    /// <summary>Whether it is a name in a file system, and no abstract one.</summary>
    internal bool IsPath => IsUnix && Descriptor is null && Address is not ['\0', ..];

    /// <summary>
    /// What makes two queries the same listen point, written as the newest Node writes it. The index counts for port 0 alone, where each index
    /// has a port of its own.
    /// </summary>
    internal string Key => string.Create(
        CultureInfo.InvariantCulture,
        $"{Address ?? "null"}:{Named(Port, "null")}:{(Descriptor is null || IsUdp ? AddressType : "null")}:{Named(Descriptor, IsUdp ? "-1" : "undefined")}{(Port == 0 ? $":{Index}" : "")}");

    private static string Named(int? number, string missing) => number?.ToString(CultureInfo.InvariantCulture) ?? missing;

    /// <exception cref="JsonException">The fields are not those of a query.</exception>
    internal static ListenQuery From(ClusterFrame frame)
    {
        var type = frame.AddressType.ValueKind switch
        {
            JsonValueKind.Number when frame.AddressType.TryGetInt32(out var number) && number is 4 or 6 or -1 => frame.AddressType.GetRawText(),
            JsonValueKind.String when frame.AddressType.GetString() is "udp4" or "udp6" => frame.AddressType.GetString()!,
            JsonValueKind.Null or JsonValueKind.Undefined when frame.Descriptor >= 0 => "4",
            _ => throw new JsonException("queryServer has an addressType that is none of 4, 6, -1, \"udp4\", \"udp6\"."),
        };
        var descriptor = frame.Descriptor is { } given && given >= 0 ? frame.Descriptor : null;
        if (descriptor is null && (frame.Port is null || frame.Port < (type == "-1" ? -1 : 0) || frame.Port > ushort.MaxValue || (type == "-1" && frame.Address is null)))
        {
            throw new JsonException("queryServer has neither a port nor a path nor a descriptor.");
        }

        return new ListenQuery(
            frame.Address,
            frame.Port,
            type,
            descriptor,
            frame.Flags ?? 0,
            frame.Backlog.ValueKind == JsonValueKind.Number && frame.Backlog.TryGetInt32(out var backlog) ? Math.Max(0, backlog) : 0,
            frame.Index ?? 0,
            frame.ReadableAll ?? false,
            frame.WritableAll ?? false);
    }

    /// <summary>Writes the fields in Node's order. A missing descriptor is left out: <c>null</c> would kill a Node primary.</summary>
    internal void Write(Utf8JsonWriter json, int? listeningPort = null)
    {
        json.WriteNumber("index"u8, Index);
        json.WriteNull("data"u8);
        json.WriteString("address"u8, Address);
        WriteNumberOrNull(json, "port"u8, listeningPort ?? Port);
        if (IsUdp)
        {
            json.WriteString("addressType"u8, AddressType);
            json.WriteNumber("fd"u8, Descriptor ?? -1);
            WriteNumberOrNull(json, "flags"u8, Descriptor is null ? Flags : null);
            return;
        }

        WriteNumberOrNull(json, "addressType"u8, Descriptor is null ? int.Parse(AddressType, CultureInfo.InvariantCulture) : null);
        if (Descriptor is { } descriptor)
        {
            json.WriteNumber("fd"u8, descriptor);
        }
        else if (!IsUnix)
        {
            json.WriteNumber("flags"u8, Flags);
        }

        json.WriteNumber("backlog"u8, Backlog);
        if (ReadableAll)
        {
            json.WriteBoolean("readableAll"u8, true);
        }

        if (WritableAll)
        {
            json.WriteBoolean("writableAll"u8, true);
        }
    }

    private static void WriteNumberOrNull(Utf8JsonWriter json, ReadOnlySpan<byte> name, int? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
