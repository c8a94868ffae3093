using System.Buffers.Binary;
using System.Text;

namespace Prefork.Values;

/// <summary>
/// Writes one frame of the 'advanced' channel into a buffer of this thread's, which the next frame written on the thread reuses:
/// four bytes of length, V8's version, the value.
/// </summary>
internal sealed class FrameWriter
{
    internal const int HeadSize = sizeof(uint);
    private const int KeepAtMost = 1024 * 1024;

    [ThreadStatic] private static FrameWriter? s_current;

    private byte[] _buffer = new byte[512];
    private int _length;

    private FrameWriter()
    {
    }

    /// <summary>How many bytes have been written.</summary>
    internal int Length => _length;

    internal static FrameWriter Start()
    {
        var writer = s_current ??= new FrameWriter();
        if (writer._buffer.Length > KeepAtMost)
        {
            writer = s_current = new FrameWriter();
        }

        writer._length = HeadSize;
        writer.WriteByte(ValueTag.Version);
        writer.WriteByte(ValueFormat.Written);
        return writer;
    }

    /// <summary>Ends the frame. The span is this thread's until the next <see cref="Start"/>.</summary>
    internal ReadOnlySpan<byte> End()
    {
        BinaryPrimitives.WriteInt32BigEndian(_buffer, _length - HeadSize);
        return _buffer.AsSpan(0, _length);
    }

    internal void WriteByte(byte value) => Reserve(1)[0] = value;

    internal void WriteBytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));

    internal void WriteVarint(uint value)
    {
        while (value >= 0x80)
        {
            WriteByte((byte)(value | 0x80));
            value >>= 7;
        }

        WriteByte((byte)value);
    }

    internal void WriteDouble(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Reserve(sizeof(double)), value);

    /// <summary>A number as V8 writes it: short when it is a small integer.</summary>
    internal void WriteNumber(double value)
    {
        if (Numbers.IsInt32(value, out var integer))
        {
            WriteByte(ValueTag.Int32);
            WriteVarint((uint)((integer << 1) ^ (integer >> 31)));
        }
        else
        {
            WriteByte(ValueTag.Double);
            WriteDouble(value);
        }
    }

    /// <summary>The digits of a bigint, in whole words of V8's.</summary>
    internal void WriteBigInt(System.Numerics.BigInteger value)
    {
        var magnitude = System.Numerics.BigInteger.Abs(value);
        var count = value.IsZero ? 0 : (magnitude.GetByteCount(isUnsigned: true) + 7) & ~7;
        WriteVarint(((uint)count << 1) | (value.Sign < 0 ? 1u : 0u));
        var digits = Reserve(count);
        digits.Clear();
        if (count > 0)
        {
            magnitude.TryWriteBytes(digits, out _, isUnsigned: true);
        }
    }

    /// <summary>A string: a byte for each character while that does, otherwise two, at an even place as V8 puts them.</summary>
    internal void WriteText(ReadOnlySpan<char> text)
    {
        if (!text.ContainsAnyExceptInRange('\0', '\u00FF'))
        {
            WriteByte(ValueTag.OneByteString);
            WriteVarint((uint)text.Length);
            Encoding.Latin1.GetBytes(text, Reserve(text.Length));
            return;
        }

        var size = (uint)text.Length * 2;
        if ((_length - HeadSize + 1 + VarintSize(size)) % 2 != 0)
        {
            WriteByte(ValueTag.Padding);
        }

        WriteByte(ValueTag.TwoByteString);
        WriteVarint(size);
        var target = Reserve((int)size);
        for (var i = 0; i < text.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(target[(2 * i)..], text[i]);
        }
    }

    /// <summary>A string that is known to be ASCII.</summary>
    internal void WriteAscii(ReadOnlySpan<byte> text)
    {
        WriteByte(ValueTag.OneByteString);
        WriteVarint((uint)text.Length);
        WriteBytes(text);
    }

    /// <summary>A property's name; an index is a number.</summary>
    internal void WriteName(ReadOnlySpan<char> name)
    {
        if (JsNames.IsIndex(name, out var index))
        {
            WriteNumber(index);
        }
        else
        {
            WriteText(name);
        }
    }

    /// <summary>Puts a number where it belongs, now that it is known: what was written since moves when it takes more than the byte left for it.</summary>
    internal void PatchVarint(int position, uint value)
    {
        var more = VarintSize(value) - 1;
        if (more > 0)
        {
            Reserve(more);
            _buffer.AsSpan(position, _length - more - position).CopyTo(_buffer.AsSpan(position + more));
        }

        var end = _length;
        _length = position;
        WriteVarint(value);
        _length = end;
    }

    private static int VarintSize(uint value) => value == 0 ? 1 : (38 - System.Numerics.BitOperations.LeadingZeroCount(value)) / 7;

    private Span<byte> Reserve(int count)
    {
        if (count > _buffer.Length - _length)
        {
            Array.Resize(ref _buffer, (int)Math.Min(Array.MaxLength, Math.Max((long)_length + count, _buffer.Length * 2L)));
        }

        _length += count;
        return _buffer.AsSpan(_length - count, count);
    }
}
