namespace Prefork.Values;

/// <remarks>Buffers and what looks into them.</remarks>
internal ref partial struct ValueReader
{
    private const int NodeView = 0;
    private const int NodePlainObject = 1;

    private object? ReadBytesOf(byte tag)
    {
        switch (tag)
        {
            case ValueTag.ArrayBuffer or ValueTag.ResizableArrayBuffer:
                var bytes = ReadBuffer(tag);
                var buffer = Builds ? new JsBytes(JsBytesKind.ArrayBuffer, bytes.ToArray()) : null;
                TakeId(buffer);
                return TryTake(ValueTag.ArrayBufferView) ? ReadView(buffer) : buffer;
            case ValueTag.HostObject:
                return ReadHostObject();
            case ValueTag.ArrayBufferTransfer or ValueTag.SharedArrayBuffer or ValueTag.WasmModule:
                ReadVarint();
                return ReadShared(tag);
            case ValueTag.WasmMemory:
                ReadZigZag();
                return ReadShared(tag);
            case ValueTag.SharedObject:
                ReadVarint();
                return NotHere("a shared object");
            default:
                throw Unexpected(tag);
        }
    }

    internal ReadOnlySpan<byte> ReadBuffer(byte tag)
    {
        var length = ReadVarint();
        if (tag == ValueTag.ResizableArrayBuffer && ReadVarint() < length)
        {
            throw new InvalidDataException("An ArrayBuffer is longer than it may become.");
        }

        return ReadBytes(length);
    }

    private object? ReadShared(byte tag)
    {
        TakeId(null);
        return NotHere(tag switch
        {
            ValueTag.WasmModule => "a WebAssembly module",
            ValueTag.WasmMemory => "WebAssembly memory",
            _ => "memory that is not in the message",
        });
    }

    /// <summary>Structure that is sound, and a value that means nothing in this process.</summary>
    private readonly object? NotHere(string what)
        => Builds ? throw new NotSupportedException($"The message contains {what}, which has no counterpart in .NET.") : null;

    /// <summary>What Node writes itself, because V8's way would take the whole pool a Buffer is cut from: views, and objects of its own.</summary>
    private object? ReadHostObject()
    {
        var id = TakeId(null);
        var kind = ReadVarint();
        if (kind == NodePlainObject)
        {
            var plain = ReadValue();
            Place(id, plain);
            return plain;
        }

        var bytes = kind == NodeView ? ReadHostView(out var type) : throw new InvalidDataException($"A host object is of kind {kind}, which Node does not send.");
        var view = Builds ? type.ToValue(bytes) : null;
        Place(id, view);
        return view;
    }

    /// <summary>A view's type and bytes, after the mark that it is one.</summary>
    internal ReadOnlySpan<byte> ReadHostView(out ViewType type)
    {
        var number = ReadVarint();
        type = number <= (uint)ViewType.Float16Array ? (ViewType)number : throw new InvalidDataException($"A typed array is of type {number}, which Node does not send.");
        var bytes = ReadBytes(ReadVarint());
        return bytes.Length % type.ElementSize() == 0 ? bytes : throw new InvalidDataException($"The bytes of a {type} are no multiple of its element's size.");
    }

    /// <summary>A view as V8 writes it, after its buffer. It becomes an array of its own: what is the same memory there is two copies here.</summary>
    private object? ReadView(object? buffer)
    {
        var (type, offset, length) = ReadViewHead();
        if (!Builds)
        {
            TakeId(null);
            return null;
        }

        if (buffer is not JsBytes { Kind: JsBytesKind.ArrayBuffer } memory || (ulong)offset + length > (ulong)memory.Bytes.Length)
        {
            throw new InvalidDataException($"A {type} looks at what is not there.");
        }

        var view = type.ToValue(memory.Bytes.AsSpan((int)offset, (int)length));
        TakeId(view);
        return view;
    }

    internal (ViewType Type, uint Offset, uint Length) ReadViewHead()
    {
        var letter = ReadByte();
        var type = ViewTypes.FromLetter(letter) ?? throw Unexpected(letter);
        var offset = ReadVarint();
        var length = ReadVarint();
        if (_format.Version >= 14)
        {
            ReadVarint();
        }

        return length % type.ElementSize() == 0
            ? (type, offset, length)
            : throw new InvalidDataException($"The bytes of a {type} are no multiple of its element's size.");
    }
}
