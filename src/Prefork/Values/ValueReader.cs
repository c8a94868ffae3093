using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Prefork.Values;

/// <summary>
/// Reads V8's format, versions 13 to 15, as Node's 'advanced' channel uses it. With a list for the objects it builds values; without one
/// it only checks, and allocates nothing.
/// </summary>
/// <remarks>
/// The bytes are untrusted. No number in them is believed further than there are bytes to fill it, so nothing is allocated for a length;
/// each value is at least a byte, so the work is bounded by the bytes; and nesting is bounded.
/// An object's number counts from the beginning of the frame, in the order in which V8 begins to read objects.
/// </remarks>
internal ref partial struct ValueReader
{
    internal const int MaxDepth = 4096;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly ValueFormat _format;
    private readonly List<object?>? _objects;
    private int _nextId;
    private int _depth;

    internal ValueReader(ReadOnlySpan<byte> bytes, ValueFormat format, List<object?>? objects = null)
    {
        _bytes = bytes;
        _format = format;
        _objects = objects;
        _nextId = format.FirstId;
    }

    /// <summary>Where the next byte is.</summary>
    internal int Position { readonly get; set; }

    /// <summary>The number that the next object gets.</summary>
    internal int NextId { readonly get => _nextId; set => _nextId = value; }

    private readonly bool Builds => _objects is not null;

    private readonly int Left => _bytes.Length - Position;

    /// <summary>Reads the one value that the bytes are.</summary>
    /// <exception cref="InvalidDataException">They are no such value.</exception>
    /// <exception cref="NotSupportedException">A value in it has no counterpart here.</exception>
    internal static object? Read(ReadOnlySpan<byte> bytes, ValueFormat format)
    {
        var reader = new ValueReader(bytes, format, []);
        var value = reader.ReadValue();
        reader.ExpectEnd();
        return value;
    }

    /// <summary>Reads a value; null when only checking.</summary>
    internal object? ReadValue()
    {
        Enter();
        var value = ReadTagged(ReadTag());
        _depth--;
        return value;
    }

    /// <summary>A level deeper.</summary>
    internal void Enter()
    {
        if (++_depth > MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new InvalidDataException($"It is nested deeper than {MaxDepth} levels.");
        }
    }

    internal void Leave() => _depth--;

    internal readonly void ExpectEnd()
    {
        if (Left > 0)
        {
            throw new InvalidDataException($"{Left} bytes follow the value.");
        }
    }

    /// <summary>Gives the next object its number.</summary>
    internal int TakeId(object? value)
    {
        _objects?.Add(value);
        return _nextId++;
    }

    internal byte ReadByte() => Position < _bytes.Length ? _bytes[Position++] : throw Truncated();

    /// <summary>What comes next, without the bytes that mean nothing.</summary>
    internal byte ReadTag()
    {
        while (true)
        {
            var tag = ReadByte();
            if (tag == ValueTag.VerifyObjectCount)
            {
                ReadVarint();
            }
            else if (tag != ValueTag.Padding)
            {
                return tag;
            }
        }
    }

    /// <summary>Takes the tag if it is what comes next.</summary>
    internal bool TryTake(byte tag)
    {
        var position = Position;
        while (position < _bytes.Length && _bytes[position] == ValueTag.Padding)
        {
            position++;
        }

        if (position < _bytes.Length && _bytes[position] == tag)
        {
            Position = position + 1;
            return true;
        }

        return false;
    }

    internal uint ReadVarint()
    {
        var value = 0u;
        for (var shift = 0; ; shift += 7)
        {
            var part = ReadByte();
            if (shift > 28 || (shift == 28 && (part & 0x7F) > 0x0F))
            {
                throw new InvalidDataException("A number takes more than 32 bits.");
            }

            value |= (uint)(part & 0x7F) << shift;
            if ((part & 0x80) == 0)
            {
                return value;
            }
        }
    }

    internal int ReadZigZag()
    {
        var value = ReadVarint();
        return (int)(value >> 1) ^ -(int)(value & 1);
    }

    internal double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(ReadBytes(sizeof(double)));

    internal ReadOnlySpan<byte> ReadBytes(uint count)
    {
        if (count > (uint)Left)
        {
            throw Truncated();
        }

        var bytes = _bytes.Slice(Position, (int)count);
        Position += (int)count;
        return bytes;
    }

    /// <summary>The digits of a bigint, least first.</summary>
    internal ReadOnlySpan<byte> ReadBigInt(out bool negative)
    {
        var bits = ReadVarint();
        negative = (bits & 1) != 0;
        return ReadBytes((bits >> 1) & 0x3FFFFFFF);
    }

    /// <summary>The bytes of a string of that tag.</summary>
    internal ReadOnlySpan<byte> ReadTextBytes(byte tag)
    {
        var bytes = ReadBytes(ReadVarint());
        return tag != ValueTag.TwoByteString || bytes.Length % 2 == 0 ? bytes : throw new InvalidDataException("A string of two-byte characters has an odd length.");
    }

    internal static bool IsText(byte tag) => tag is ValueTag.OneByteString or ValueTag.TwoByteString or ValueTag.Utf8String;

    internal static bool IsNumber(byte tag) => tag is ValueTag.Int32 or ValueTag.Uint32 or ValueTag.Double;

    internal static string ToText(byte tag, ReadOnlySpan<byte> bytes) => tag switch
    {
        ValueTag.OneByteString => Encoding.Latin1.GetString(bytes),
        ValueTag.Utf8String => Encoding.UTF8.GetString(bytes),

        // As V8 writes it, in the byte order of the machine; both are on the same one.
        _ => new string(MemoryMarshal.Cast<byte, char>(bytes)),
    };

    /// <summary>A string where nothing else may be.</summary>
    private string ReadText()
    {
        var tag = ReadTag();
        var bytes = IsText(tag) ? ReadTextBytes(tag) : throw Unexpected(tag);
        return Builds ? ToText(tag, bytes) : "";
    }

    private object? ReadTagged(byte tag)
    {
        switch (tag)
        {
            case ValueTag.Null:
                return null;
            case ValueTag.Undefined:
                return JsUndefined.Value;
            case ValueTag.True:
                return Builds ? true : null;
            case ValueTag.False:
                return Builds ? false : null;
            case ValueTag.Int32 or ValueTag.Uint32 or ValueTag.Double:
                var number = ReadNumber(tag);
                return Builds ? number : null;
            case ValueTag.BigInt:
                var digits = ReadBigInt(out var negative);
                return Builds ? Numbers.ToBigInteger(digits, negative) : null;
            case ValueTag.OneByteString or ValueTag.TwoByteString or ValueTag.Utf8String:
                var text = ReadTextBytes(tag);
                return Builds ? ToText(tag, text) : null;
            default:
                return ReadObjectOf(tag);
        }
    }

    internal double ReadNumber(byte tag) => tag switch
    {
        ValueTag.Int32 => ReadZigZag(),
        ValueTag.Uint32 => ReadVarint(),
        _ => ReadDouble(),
    };

    private static InvalidDataException Truncated() => new("It ends too early.");

    internal readonly InvalidDataException Unexpected(byte tag) => new($"Byte {Position - 1} (0x{tag:x2}) says nothing that may stand there.");
}
