using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Prefork.Wire;

/// <summary>
/// Writes one line of the channel into a buffer of this thread's, which the next line written on the thread reuses.
/// Text goes out as UTF-8, unescaped, as Node sends it.
/// </summary>
internal sealed class LineWriter
{
    private const int KeepAtMost = 1024 * 1024;

    [ThreadStatic] private static LineWriter? s_current;

    private readonly ArrayBufferWriter<byte> _buffer = new(512);
    private readonly Utf8JsonWriter _json;

    private LineWriter() => _json = new Utf8JsonWriter(_buffer, new JsonWriterOptions
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
        MaxDepth = MessageHeader.MaxDepth,
    });

    /// <summary>Where the line is written, empty.</summary>
    internal Utf8JsonWriter Json => _json;

    internal static LineWriter Start()
    {
        var writer = s_current ??= new LineWriter();
        if (writer._buffer.Capacity > KeepAtMost)
        {
            writer = s_current = new LineWriter();
        }

        writer._buffer.ResetWrittenCount();
        writer._json.Reset();
        return writer;
    }

    /// <summary>Begins a NODE_CLUSTER message.</summary>
    internal static LineWriter StartCluster()
    {
        var writer = Start();
        writer._json.WriteStartObject();
        writer._json.WriteString("cmd"u8, "NODE_CLUSTER"u8);
        return writer;
    }

    /// <summary>Begins a NODE_HANDLE around a NODE_CLUSTER message; end it with <see cref="EndHandle"/>.</summary>
    internal static LineWriter StartClusterHandle(string type)
    {
        var writer = Start();
        writer.BeginHandle(type);
        writer._json.WriteStartObject();
        writer._json.WriteString("cmd"u8, "NODE_CLUSTER"u8);
        return writer;
    }

    internal void BeginHandle(string type)
    {
        _json.WriteStartObject();
        _json.WriteString("cmd"u8, "NODE_HANDLE"u8);
        _json.WriteString("type"u8, type);
        _json.WritePropertyName("msg"u8);
    }

    /// <summary>Ends a NODE_CLUSTER message with its number.</summary>
    internal ReadOnlySpan<byte> EndCluster(long sequence)
    {
        _json.WriteNumber("seq"u8, sequence);
        _json.WriteEndObject();
        return EndLine();
    }

    /// <summary>Ends a NODE_CLUSTER message and the NODE_HANDLE around it.</summary>
    internal ReadOnlySpan<byte> EndHandle(long sequence)
    {
        _json.WriteNumber("seq"u8, sequence);
        _json.WriteEndObject();
        _json.WriteEndObject();
        return EndLine();
    }

    /// <exception cref="JsonException">The value cannot be serialised.</exception>
    /// <exception cref="ArgumentException">It is nested deeper than its reader takes.</exception>
    internal void WriteValue<T>(T value, JsonTypeInfo<T> typeInfo)
    {
        try
        {
            JsonSerializer.Serialize(_json, value, typeInfo);
        }
        catch (Exception exception) when (_json.CurrentDepth >= MessageHeader.MaxDepth)
        {
            throw new ArgumentException($"The message is nested deeper than {MessageHeader.MaxDepth} levels, which is more than its receiver takes.", nameof(value), exception);
        }
    }

    /// <summary>Ends the line. The span is this thread's until the next <see cref="Start"/>.</summary>
    internal ReadOnlySpan<byte> EndLine()
    {
        _json.Flush();

        // A converter that writes raw JSON may have put line ends between its tokens; inside strings JSON allows none.
        var body = _buffer.WrittenSpan;
        if (body.Contains((byte)'\n'))
        {
            var patched = body.ToArray();
            patched.AsSpan().Replace((byte)'\n', (byte)' ');
            _buffer.ResetWrittenCount();
            _buffer.Write(patched);
        }

        _buffer.GetSpan(1)[0] = (byte)'\n';
        _buffer.Advance(1);
        return _buffer.WrittenSpan;
    }
}
