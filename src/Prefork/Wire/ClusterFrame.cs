using System.Text.Json;
using System.Text.Json.Serialization;

namespace Prefork.Wire;

/// <summary>
/// A NODE_CLUSTER message as read, all of Node's fields. A field of another type than Node's is a <see cref="JsonException"/>,
/// and so an offence of the sender's.
/// </summary>
internal sealed class ClusterFrame
{
    [JsonPropertyName("act")] public string? Act { get; set; }

    [JsonPropertyName("seq")] public long? Seq { get; set; }

    [JsonPropertyName("ack")] public long? Ack { get; set; }

    [JsonPropertyName("key")] public string? Key { get; set; }

    [JsonPropertyName("errno")] public int? Errno { get; set; }

    [JsonPropertyName("accepted")] public bool? Accepted { get; set; }

    [JsonPropertyName("index")] public int? Index { get; set; }

    [JsonPropertyName("data")] public JsonElement Data { get; set; }

    [JsonPropertyName("address")] public string? Address { get; set; }

    [JsonPropertyName("port")] public int? Port { get; set; }

    /// <summary>4, 6, -1, or "udp4", "udp6".</summary>
    [JsonPropertyName("addressType")] public JsonElement AddressType { get; set; }

    [JsonPropertyName("fd")] public int? Descriptor { get; set; }

    [JsonPropertyName("flags")] public int? Flags { get; set; }

    /// <summary>A number, or false.</summary>
    [JsonPropertyName("backlog")] public JsonElement Backlog { get; set; }

    [JsonPropertyName("readableAll")] public bool? ReadableAll { get; set; }

    [JsonPropertyName("writableAll")] public bool? WritableAll { get; set; }

    [JsonPropertyName("sockname")] public SocketName? SocketName { get; set; }

    [JsonPropertyName("prefork")] public PreforkFields? Prefork { get; set; }

    /// <summary>As long as a path may be (PATH_MAX), and what a key adds to it.</summary>
    private const int MaxAddressLength = 4096;
    private const int MaxKeyLength = MaxAddressLength + 100;

    /// <exception cref="JsonException">A field is of the wrong type, or too long: keys and addresses are kept, shown, and sent back.</exception>
    internal static ClusterFrame Read(ReadOnlySpan<byte> json)
    {
        var frame = JsonSerializer.Deserialize(json, FrameJsonContext.Default.ClusterFrame) ?? throw new JsonException("The message is null.");
        return frame.Address?.Length > MaxAddressLength ? throw new JsonException($"The address is longer than {MaxAddressLength} characters.")
            : frame.Key?.Length > MaxKeyLength ? throw new JsonException($"The key is longer than {MaxKeyLength} characters.")
            : frame;
    }
}

/// <summary>Where a listener listens, as the primary saw it after binding.</summary>
internal sealed class SocketName
{
    [JsonPropertyName("address")] public string? Address { get; set; }

    [JsonPropertyName("family")] public string? Family { get; set; }

    [JsonPropertyName("port")] public int Port { get; set; }
}

/// <summary>What we add to Node's messages, under one key that Node ignores.</summary>
internal sealed class PreforkFields
{
    /// <summary>On online: this worker reads a scoreboard and lanes of this version.</summary>
    [JsonPropertyName("version")] public int? Version { get; set; }

    /// <summary>On the reply with a lane: the row of the scoreboard on which the worker counts what it takes from it.</summary>
    [JsonPropertyName("row")] public int? Row { get; set; }
}

/// <summary>A NODE_PREFORK message: a request, its reply, or a message from worker to worker. <c>body</c> is read by range, not here.</summary>
internal sealed class PreforkFrame
{
    [JsonPropertyName("act")] public string? Act { get; set; }

    [JsonPropertyName("id")] public long Id { get; set; }

    [JsonPropertyName("name")] public string? Name { get; set; }

    [JsonPropertyName("to")] public int? To { get; set; }

    [JsonPropertyName("from")] public int? From { get; set; }

    [JsonPropertyName("error")] public string? Error { get; set; }

    /// <summary>On counts: requests that a Node worker has begun to serve.</summary>
    [JsonPropertyName("requests")] public long? Requests { get; set; }

    /// <summary>On counts: connections that it has open.</summary>
    [JsonPropertyName("connections")] public long? Connections { get; set; }

    [JsonPropertyName("body")] public JsonElement Body { get; set; }
}

[JsonSourceGenerationOptions(MaxDepth = MessageHeader.MaxDepth)]
[JsonSerializable(typeof(ClusterFrame))]
[JsonSerializable(typeof(PreforkFrame))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class FrameJsonContext : JsonSerializerContext;
