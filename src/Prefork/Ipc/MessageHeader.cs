using System.Text.Json;
using Prefork.Values;

namespace Prefork.Ipc;

/// <summary>
/// What the outside of a message says: whose it is, and what carries it. Reading it checks the whole line for being one JSON value.
/// Internal is, as in Node, an object whose <c>cmd</c> begins with <c>NODE_</c> and goes on.
/// </summary>
internal readonly ref struct MessageHeader
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 4096 };

    internal MessageHeader(string? command, string? handleType, Range inner, ValueFormat innerFormat = default)
    {
        Command = command;
        HandleType = handleType;
        Inner = inner;
        InnerFormat = innerFormat;
    }

    /// <summary>The command of an internal message; null for a user's.</summary>
    internal string? Command { get; }

    /// <summary>For NODE_HANDLE: what the descriptor is.</summary>
    internal string? HandleType { get; }

    /// <summary>For NODE_HANDLE: where the real message stands in the line.</summary>
    internal Range Inner { get; }

    /// <summary>For NODE_HANDLE: how the real message is read.</summary>
    internal ValueFormat InnerFormat { get; }

    /// <exception cref="JsonException">The line is not one JSON value.</exception>
    internal static MessageHeader Read(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line, Options);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            ExpectEnd(ref reader);
            return default;
        }

        string? command = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var isCommand = reader.ValueTextEquals("cmd"u8);
            reader.Read();
            command = isCommand ? InternalCommand(ref reader) : command;
            reader.Skip();
        }

        ExpectEnd(ref reader);
        return command == NodeCommand.Handle ? ReadHandle(line) : new MessageHeader(command, null, default);
    }

    /// <summary>What a descriptor comes with, in a line that is known to be an object.</summary>
    private static MessageHeader ReadHandle(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line, Options);
        string? type = null;
        var inner = default(Range);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var isType = reader.ValueTextEquals("type"u8);
            var isMessage = reader.ValueTextEquals("msg"u8);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            if (isType && reader.TokenType == JsonTokenType.String)
            {
                type = reader.GetString();
            }

            reader.Skip();
            if (isMessage)
            {
                inner = start..(int)reader.BytesConsumed;
            }
        }

        return new MessageHeader(NodeCommand.Handle, type, inner);
    }

    private static string? InternalCommand(ref Utf8JsonReader reader)
    {
        // Four names make nearly all of the traffic: no string is allocated for them.
        if (reader.TokenType != JsonTokenType.String)
        {
            return null;
        }

        if (reader.ValueTextEquals("NODE_CLUSTER"u8))
        {
            return NodeCommand.Cluster;
        }

        if (reader.ValueTextEquals("NODE_PREFORK"u8))
        {
            return NodeCommand.Prefork;
        }

        if (reader.ValueTextEquals("NODE_HANDLE"u8))
        {
            return NodeCommand.Handle;
        }

        if (reader.ValueTextEquals("NODE_HANDLE_ACK"u8))
        {
            return NodeCommand.HandleAck;
        }

        var value = reader.GetString()!;
        return value.StartsWith("NODE_", StringComparison.Ordinal) && value.Length > 5 ? value : null;
    }

    private static void ExpectEnd(ref Utf8JsonReader reader)
    {
        if (reader.Read())
        {
            throw new JsonException("A second value follows the first.");
        }
    }
}
