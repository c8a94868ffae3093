using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Prefork.Loop;
using Prefork.Messages;
using Prefork.Native;
using Prefork.Values;

namespace Prefork;

/// <summary>A message as it came, read when asked.</summary>
public sealed class ClusterMessage : IDispatched
{
    private readonly Messenger _messenger;
    private readonly byte[] _body;
    private readonly ValueFormat _format;
    private byte[]? _json;
    private FileDescriptor? _handle;

    internal ClusterMessage(Messenger messenger, byte[] body, ValueFormat format, FileDescriptor? handle, int? from)
    {
        _messenger = messenger;
        _body = body;
        _format = format;
        From = from;
        _handle = handle;
        HasSocket = handle is not null;
    }

    /// <summary>
    /// The message's JSON text, in UTF-8. Of a message that came on an <see cref="ChannelSerialization.Advanced"/> channel it is made when
    /// first asked for: undefined properties are left out; a Date is text in ISO 8601; a Buffer, ArrayBuffer or Uint8Array is base 64, as
    /// <c>byte[]</c> is read; a bigint is a number, a Set an array, a Map an object; NaN and the infinities are strings.
    /// </summary>
    /// <exception cref="NotSupportedException">JSON has nothing for it: a cycle, a Map whose keys are objects, memory that was not sent.</exception>
    public ReadOnlyMemory<byte> Utf8Json => _format.IsJson ? _body : _json ??= ValueToJson.Convert(_body, _format);

    /// <summary>The id of the worker that sent it by <see cref="ClusterWorker.SendToAsync{T}(int, T, CancellationToken)"/>; null for what comes from the other end of the channel.</summary>
    public int? From { get; }

    /// <summary>Whether a socket came with the message.</summary>
    public bool HasSocket { get; }

    /// <summary>What it counts for while it waits: its bytes and more.</summary>
    internal int Weight => Messenger.WeightOf(_body.Length, HasSocket);

    /// <summary>Reads the value, from <see cref="Utf8Json"/>.</summary>
    /// <exception cref="JsonException">The message is not a <typeparamref name="T"/>.</exception>
    /// <exception cref="NotSupportedException">The message has no JSON text.</exception>
    public T? Get<T>(JsonTypeInfo<T> typeInfo) => JsonSerializer.Deserialize(Utf8Json.Span, typeInfo);

    /// <summary>Reads the value by reflection, with names in camel case (<see cref="JsonSerializerDefaults.Web"/>).</summary>
    /// <exception cref="JsonException">The message is not a <typeparamref name="T"/>.</exception>
    [RequiresUnreferencedCode(Reflected.Reason)]
    [RequiresDynamicCode(Reflected.Reason)]
    public T? Get<T>() => Get(Reflected.TypeInfo<T>());

    /// <summary>
    /// Reads the message as JavaScript has it: null, bool, double (every number), string, <see cref="System.Numerics.BigInteger"/>,
    /// <see cref="DateTimeOffset"/>, <c>byte[]</c> (a Buffer), <c>sbyte[]</c> to <c>ulong[]</c>, <c>Half[]</c>, <c>float[]</c> and
    /// <c>double[]</c> (typed arrays), and the types of <see cref="Prefork.Values"/>. What is the same object there is the same object here,
    /// so there may be cycles. Each call makes a new tree.
    /// </summary>
    /// <remarks>A message of JSON is read so as well; it has objects, arrays, strings, numbers and booleans only. A tree takes up to fifty times the memory of its message.</remarks>
    /// <exception cref="NotSupportedException">A value in it has no counterpart in .NET: an invalid Date, or one outside of the years 1 to 9999; memory that was not sent.</exception>
    /// <exception cref="InvalidDataException">The sender has contrived what looks like a message until it is read.</exception>
    public object? GetValue()
    {
        if (!_format.IsJson)
        {
            return ValueReader.Read(_body, _format);
        }

        var frame = JsonToFrame.Write(_body)[FrameWriter.HeadSize..];
        var format = ValueFormat.ReadHeader(frame, out var head);
        return ValueReader.Read(frame[head..], format);
    }

    /// <summary>
    /// Takes the socket that came with the message: connected, listening or UDP. It is the caller's to dispose.
    /// Not taken by the time the event handlers have returned (the first await of an async one), it is closed. On a message that is kept for want of
    /// a handler it is kept for 5 seconds, and the last 16 are; then it is closed, which is reported once as an error, and when its sender has exited.
    /// </summary>
    /// <returns>The socket; null when none came, or it has been taken or closed.</returns>
    public Socket? TakeSocket()
    {
        var handle = Interlocked.Exchange(ref _handle, null);
        return handle is null ? null : DescriptorSocket.From(handle);
    }

    void IDispatched.Run() => _messenger.Run(this);

    /// <summary>Closes the descriptor if nobody took it; whether that was so.</summary>
    internal bool CloseUnclaimed()
    {
        if (Interlocked.Exchange(ref _handle, null) is not { } handle)
        {
            return false;
        }

        _messenger.Discard(handle);
        return true;
    }
}
