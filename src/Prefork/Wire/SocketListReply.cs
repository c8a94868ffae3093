using System.Text.Json;

namespace Prefork.Wire;

/// <summary>
/// Answers Node's questions about sockets it has passed. We do not keep count of what users took from messages: the count is 0,
/// and all are closed; no answer would leave a Node peer's server.close() hanging.
/// </summary>
internal static class SocketListReply
{
    internal static ReadOnlySpan<byte> To(string command, ReadOnlySpan<byte> json)
    {
        using var document = JsonDocument.Parse(json.ToArray());
        var key = document.RootElement.TryGetProperty("key", out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        var writer = LineWriter.Start();
        writer.Json.WriteStartObject();
        writer.Json.WriteString("cmd"u8, command == NodeCommand.SocketGetCount ? "NODE_SOCKET_COUNT"u8 : "NODE_SOCKET_ALL_CLOSED"u8);
        writer.Json.WriteString("key"u8, key);
        if (command == NodeCommand.SocketGetCount)
        {
            writer.Json.WriteNumber("count"u8, 0);
        }

        writer.Json.WriteEndObject();
        return writer.EndLine();
    }
}
