using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Prefork.Values;

/// <summary>Writes JSON text as V8's values, as if Node had parsed it.</summary>
internal static class JsonToFrame
{
    private const int LongestInteger = 40;
    private static readonly JsonReaderOptions Options = new() { MaxDepth = ValueReader.MaxDepth };

    /// <exception cref="JsonException">The text is not one JSON value.</exception>
    internal static ReadOnlySpan<byte> Write(ReadOnlySpan<byte> json)
    {
        var writer = FrameWriter.Start();
        var reader = new Utf8JsonReader(json, Options);
        reader.Read();
        WriteValue(writer, ref reader);
        return writer.End();
    }

    private static void WriteValue(FrameWriter writer, ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                WriteObject(writer, ref reader);
                break;
            case JsonTokenType.StartArray:
                WriteArray(writer, ref reader);
                break;
            case JsonTokenType.String:
                WriteText(writer, ref reader, isName: false);
                break;
            case JsonTokenType.Number:
                WriteNumber(writer, ref reader);
                break;
            case JsonTokenType.True:
                writer.WriteByte(ValueTag.True);
                break;
            case JsonTokenType.False:
                writer.WriteByte(ValueTag.False);
                break;
            default:
                writer.WriteByte(ValueTag.Null);
                break;
        }
    }

    private static void WriteObject(FrameWriter writer, ref Utf8JsonReader reader)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        writer.WriteByte(ValueTag.Object);
        var count = 0u;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            WriteText(writer, ref reader, isName: true);
            reader.Read();
            WriteValue(writer, ref reader);
            count++;
        }

        writer.WriteByte(ValueTag.EndObject);
        writer.WriteVarint(count);
    }

    private static void WriteArray(FrameWriter writer, ref Utf8JsonReader reader)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        writer.WriteByte(ValueTag.DenseArray);
        var lengthAt = writer.Length;
        writer.WriteByte(0);
        var count = 0u;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            WriteValue(writer, ref reader);
            count++;
        }

        writer.PatchVarint(lengthAt, count);
        writer.WriteByte(ValueTag.EndDenseArray);
        writer.WriteVarint(0);
        writer.WriteVarint(count);
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
        if (integer == new BigInteger(number))
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
