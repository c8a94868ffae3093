using System.Text;
using Prefork.Values;

namespace Prefork.Wire;

/// <summary><see cref="MessageHeader"/> of a message in V8's format. Reading it checks the whole message for being one value.</summary>
internal static class FrameHeader
{
    private static ReadOnlySpan<byte> Internal => "NODE_"u8;

    /// <exception cref="InvalidDataException">The bytes are not one value.</exception>
    internal static MessageHeader Read(ReadOnlySpan<byte> body, ValueFormat format)
    {
        var reader = new ValueReader(body, format);
        var header = default(MessageHeader);
        if (reader.TryTake(ValueTag.Object))
        {
            reader.TakeId(null);
            header = ReadObject(ref reader, body, format);
        }
        else
        {
            reader.ReadValue();
        }

        reader.ExpectEnd();
        return header;
    }

    private static MessageHeader ReadObject(scoped ref ValueReader reader, ReadOnlySpan<byte> body, ValueFormat format)
    {
        string? command = null;
        string? type = null;
        var inner = default(Range);
        var innerFormat = default(ValueFormat);
        var count = 0u;
        while (!reader.TryTake(ValueTag.EndObject))
        {
            count++;
            var name = ReadName(ref reader);
            var start = reader.Position;
            var firstId = reader.NextId;
            if (name.SequenceEqual("cmd"u8))
            {
                command = TryReadText(ref reader, out var text) ? Command(text) : null;
            }
            else if (name.SequenceEqual("type"u8))
            {
                type = TryReadText(ref reader, out var text) ? Encoding.Latin1.GetString(text) : null;
            }
            else
            {
                reader.ReadValue();
            }

            if (name.SequenceEqual("msg"u8))
            {
                inner = start..reader.Position;
                innerFormat = format with { FirstId = firstId };
            }
        }

        return reader.ReadVarint() == count
            ? command == NodeCommand.Handle ? new MessageHeader(command, type, inner, innerFormat) : new MessageHeader(command, null, default)
            : throw new InvalidDataException("The number of properties is not what it says.");
    }

    /// <summary>A property's name when it is of one-byte characters, as all of Node's are; empty for others.</summary>
    private static ReadOnlySpan<byte> ReadName(ref ValueReader reader)
    {
        var tag = reader.ReadTag();
        if (ValueReader.IsText(tag))
        {
            var bytes = reader.ReadTextBytes(tag);
            return tag == ValueTag.OneByteString ? bytes : [];
        }

        _ = ValueReader.IsNumber(tag) ? reader.ReadNumber(tag) : throw reader.Unexpected(tag);
        return [];
    }

    private static bool TryReadText(ref ValueReader reader, out ReadOnlySpan<byte> text)
    {
        text = [];
        if (reader.TryTake(ValueTag.OneByteString))
        {
            text = reader.ReadTextBytes(ValueTag.OneByteString);
            return true;
        }

        reader.ReadValue();
        return false;
    }

    /// <summary>Five names make nearly all of the traffic: no string is allocated for them.</summary>
    private static string? Command(ReadOnlySpan<byte> text)
        => !text.StartsWith(Internal) || text.Length == Internal.Length ? null
            : text.SequenceEqual("NODE_CLUSTER"u8) ? NodeCommand.Cluster
            : text.SequenceEqual("NODE_PREFORK"u8) ? NodeCommand.Prefork
            : text.SequenceEqual("NODE_HANDLE"u8) ? NodeCommand.Handle
            : text.SequenceEqual("NODE_HANDLE_ACK"u8) ? NodeCommand.HandleAck
            : Encoding.Latin1.GetString(text);
}
