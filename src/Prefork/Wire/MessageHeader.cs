using System.Text;
using System.Text.Json;
using Prefork.Values;

namespace Prefork.Wire;

/// <summary>
/// What the outside of a message says: whose it is, and what carries it. Reading it checks the whole line for being one JSON value.
/// Internal is, as in Node, an object whose <c>cmd</c> begins with <c>NODE_</c> and goes on.
/// </summary>
internal readonly ref struct MessageHeader
{
    /// <summary>How deep a message may be nested, in all that carries it. Both ends read, and write, no deeper.</summary>
    internal const int MaxDepth = 4096;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth };

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
            var isCommand = TextIs(ref reader, "cmd"u8);
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
            var isType = TextIs(ref reader, "type"u8);
            var isMessage = TextIs(ref reader, "msg"u8);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            if (isType && reader.TokenType == JsonTokenType.String)
            {
                type = JsonText.Read(reader.ValueSpan);
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

        if (TextIs(ref reader, "NODE_CLUSTER"u8))
        {
            return NodeCommand.Cluster;
        }

        if (TextIs(ref reader, "NODE_PREFORK"u8))
        {
            return NodeCommand.Prefork;
        }

        if (TextIs(ref reader, "NODE_HANDLE"u8))
        {
            return NodeCommand.Handle;
        }

        if (TextIs(ref reader, "NODE_HANDLE_ACK"u8))
        {
            return NodeCommand.HandleAck;
        }

        if (!reader.ValueIsEscaped && !reader.ValueSpan.StartsWith("NODE_"u8))
        {
            return null;
        }

        var value = JsonText.Read(reader.ValueSpan);
        return value.StartsWith("NODE_", StringComparison.Ordinal) && value.Length > 5 ? value : null;
    }

    /// <summary>As the reader's own comparison, which throws for half a pair of surrogates; a user's message may have one in any name.</summary>
    private static bool TextIs(ref Utf8JsonReader reader, ReadOnlySpan<byte> text)
        => reader.ValueIsEscaped ? JsonText.Read(reader.ValueSpan) == Encoding.UTF8.GetString(text) : reader.ValueSpan.SequenceEqual(text);

    private static void ExpectEnd(ref Utf8JsonReader reader)
    {
        if (reader.Read())
        {
            throw new JsonException("A second value follows the first.");
        }
    }
}
