using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Prefork.Primary.Accept;
using Prefork.Wire;

namespace Prefork.Primary;

/// <summary>What a primary writes to a worker: Node's messages, field by field in Node's order.</summary>
internal static class ClusterReplies
{
    internal static ReadOnlySpan<byte> Error(long ack, string key, int errno, JsonElement data, long sequence)
    {
        var writer = LineWriter.StartCluster();
        writer.Json.WriteNumber("errno"u8, -errno);
        WriteIdentity(writer.Json, key, ack, data);
        return writer.EndCluster(sequence);
    }

    /// <summary>Connections will come one by one, as newconn.</summary>
    internal static ReadOnlySpan<byte> Accepting(long ack, ListenHandle handle, JsonElement data, long sequence)
    {
        var writer = LineWriter.StartCluster();
        WriteAccepting(writer.Json, ack, handle, data);
        return writer.EndCluster(sequence);
    }

    /// <summary>Connections will come by the lane whose end rides on this message.</summary>
    internal static ReadOnlySpan<byte> Lane(long ack, ListenHandle handle, int row, long sequence)
    {
        var writer = LineWriter.StartClusterHandle(HandleType.Lane);
        WriteAccepting(writer.Json, ack, handle, default);
        writer.Json.WriteStartObject("prefork"u8);
        writer.Json.WriteNumber("row"u8, row);
        writer.Json.WriteEndObject();
        return writer.EndHandle(sequence);
    }

    /// <summary>The socket itself rides on this message.</summary>
    internal static ReadOnlySpan<byte> Shared(long ack, ListenHandle handle, JsonElement data, long sequence)
    {
        var writer = LineWriter.StartClusterHandle(handle.Query.IsUdp ? HandleType.DatagramNative : HandleType.Native);
        writer.Json.WriteNumber("errno"u8, 0);
        WriteIdentity(writer.Json, handle.Key, ack, data);
        return writer.EndHandle(sequence);
    }

    internal static ReadOnlySpan<byte> Scoreboard(long sequence)
    {
        var writer = LineWriter.StartClusterHandle(HandleType.Scoreboard);
        writer.Json.WriteString("act"u8, "scoreboard"u8);
        return writer.EndHandle(sequence);
    }

    internal static ReadOnlySpan<byte> NewConnection(string key, long sequence)
    {
        var writer = LineWriter.StartClusterHandle(HandleType.Native);
        writer.Json.WriteString("act"u8, "newconn"u8);
        writer.Json.WriteString("key"u8, key);
        return writer.EndHandle(sequence);
    }

    internal static ReadOnlySpan<byte> Disconnect(long sequence)
    {
        var writer = LineWriter.StartCluster();
        writer.Json.WriteString("act"u8, "disconnect"u8);
        return writer.EndCluster(sequence);
    }

    internal static ReadOnlySpan<byte> Acknowledge(long ack, long sequence)
    {
        var writer = LineWriter.StartCluster();
        writer.Json.WriteNumber("ack"u8, ack);
        return writer.EndCluster(sequence);
    }

    private static void WriteAccepting(Utf8JsonWriter json, long ack, ListenHandle handle, JsonElement data)
    {
        json.WriteNull("errno"u8);
        WriteIdentity(json, handle.Key, ack, data);
        if (handle.LocalEndPoint is IPEndPoint endPoint)
        {
            json.WriteStartObject("sockname"u8);
            json.WriteString("address"u8, endPoint.Address.ToString());
            json.WriteString("family"u8, endPoint.AddressFamily == AddressFamily.InterNetworkV6 ? "IPv6"u8 : "IPv4"u8);
            json.WriteNumber("port"u8, endPoint.Port);
            json.WriteEndObject();
        }
    }

    private static void WriteIdentity(Utf8JsonWriter json, string key, long ack, JsonElement data)
    {
        json.WriteString("key"u8, key);
        json.WriteNumber("ack"u8, ack);
        json.WritePropertyName("data"u8);
        if (data.ValueKind == JsonValueKind.Undefined)
        {
            json.WriteNullValue();
        }
        else
        {
            data.WriteTo(json);
        }
    }
}
