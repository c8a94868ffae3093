using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;

namespace Prefork.Values;

/// <summary>Writes JSON text as V8's values, as if Node had parsed it.</summary>
internal static class JsonToFrame
{
    /// <summary>As long as what <see cref="ValueToJson"/> makes of a bigint.</summary>
    private const int LongestInteger = 2500;
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 2 * ValueReader.MaxDepth };

    /// <summary>An array or object that is open: where an array's length goes, and how many values it has so far.</summary>
    private record struct Level(int LengthAt, uint Count);

    /// <exception cref="JsonException">The text is not one JSON value.</exception>
    internal static ReadOnlySpan<byte> Write(ReadOnlySpan<byte> json)
    {
        var writer = FrameWriter.Start();
        var reader = new Utf8JsonReader(json, Options);
        var open = new Stack<Level>();
        while (reader.Read())
        {
            WriteToken(writer, ref reader, open);
        }

        return writer.End();
    }

    private static void WriteToken(FrameWriter writer, ref Utf8JsonReader reader, Stack<Level> open)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.PropertyName:
                WriteText(writer, ref reader, isName: true);
                return;
            case JsonTokenType.EndObject:
                writer.WriteByte(ValueTag.EndObject);
                writer.WriteVarint(open.Pop().Count);
                return;
            case JsonTokenType.EndArray:
                EndArray(writer, open.Pop());
                return;
        }

        if (open.TryPop(out var parent))
        {
            open.Push(parent with { Count = parent.Count + 1 });
        }

        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                writer.WriteByte(ValueTag.Object);
                open.Push(default);
                break;
            case JsonTokenType.StartArray:
                writer.WriteByte(ValueTag.DenseArray);
                open.Push(new Level(writer.Length, 0));
                writer.WriteByte(0);
                break;
            case JsonTokenType.String:
                WriteText(writer, ref reader, isName: false);
                break;
            case JsonTokenType.Number:
                WriteNumber(writer, ref reader);
                break;
            default:
                writer.WriteByte(reader.TokenType switch
                {
                    JsonTokenType.True => ValueTag.True,
                    JsonTokenType.False => ValueTag.False,
                    _ => ValueTag.Null,
                });
                break;
        }
    }

    private static void EndArray(FrameWriter writer, Level level)
    {
        writer.PatchVarint(level.LengthAt, level.Count);
        writer.WriteByte(ValueTag.EndDenseArray);
        writer.WriteVarint(0);
        writer.WriteVarint(level.Count);
    }

    private static void WriteText(FrameWriter writer, ref Utf8JsonReader reader, bool isName)
    {
        var text = reader.ValueSpan;
        if (!reader.ValueIsEscaped && Ascii.IsValid(text) && !(isName && text is [>= (byte)'0' and <= (byte)'9', ..]))
        {
            writer.WriteAscii(text);
            return;
        }

        var characters = ArrayPool<char>.Shared.Rent(text.Length);
        var length = JsonText.Unescape(text, characters);
        if (isName)
        {
            writer.WriteName(characters.AsSpan(0, length));
        }
        else
        {
            writer.WriteText(characters.AsSpan(0, length));
        }

        ArrayPool<char>.Shared.Return(characters);
    }

    /// <summary>An integer that a JavaScript number cannot hold goes as a bigint: exact, rather than a neighbour of it.</summary>
    private static void WriteNumber(FrameWriter writer, ref Utf8JsonReader reader)
    {
        var text = reader.ValueSpan;
        var number = reader.GetDouble();
        if (Math.Abs(number) < Numbers.Exact || text.Length > LongestInteger || text.ContainsAny((byte)'.', (byte)'e', (byte)'E'))
        {
            writer.WriteNumber(number);
            return;
        }

        var integer = BigInteger.Parse(Encoding.ASCII.GetString(text), CultureInfo.InvariantCulture);
        if (Math.Abs(number) < Numbers.ExponentFrom && integer == new BigInteger(number))
        {
            writer.WriteNumber(number);
        }
        else
        {
            writer.WriteByte(ValueTag.BigInt);
            writer.WriteBigInt(integer);
        }
    }
}
