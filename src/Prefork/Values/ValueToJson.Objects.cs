using System.Globalization;
using System.Runtime.InteropServices;

namespace Prefork.Values;

/// <remarks>What has a number, and can be referred to. The number is taken, and the tag read.</remarks>
internal ref partial struct ValueToJson
{
    private void WriteObject(byte tag)
    {
        switch (tag)
        {
            case ValueTag.Object:
                _json.WriteStartObject();
                WriteProperties(ValueTag.EndObject);
                _json.WriteEndObject();
                break;
            case ValueTag.DenseArray:
                WriteDenseArray();
                break;
            case ValueTag.SparseArray:
                WriteSparseArray();
                break;
            case ValueTag.Map:
                WriteMap();
                break;
            case ValueTag.Set:
                _json.WriteStartArray();
                while (!_reader.TryTake(ValueTag.EndSet))
                {
                    WriteValue();
                }

                _reader.ReadVarint();
                _json.WriteEndArray();
                break;
            case ValueTag.Error:
                WriteError();
                break;
            case ValueTag.Date:
                _json.WriteStringValue(ValueReader.ToDate(_reader.ReadDouble()).UtcDateTime);
                break;
            case ValueTag.RegExp:
                var source = ReadString();
                _json.WriteStringValue(new JsRegExp(source, JsRegExp.FlagsFromBits(_reader.ReadVarint())).ToString());
                break;
            case ValueTag.TrueObject or ValueTag.FalseObject:
                _json.WriteBooleanValue(tag == ValueTag.TrueObject);
                break;
            case ValueTag.NumberObject:
                WriteNumber(_reader.ReadDouble());
                break;
            case ValueTag.BigIntObject:
                WriteBigInt();
                break;
            case ValueTag.StringObject:
                WriteText(_reader.ReadTag());
                break;
            default:
                WriteBytes(tag);
                break;
        }
    }

    private string ReadString()
    {
        var tag = _reader.ReadTag();
        return ValueReader.ToText(tag, _reader.ReadTextBytes(tag));
    }

    /// <summary>Like JSON.stringify, without those that are undefined.</summary>
    private void WriteProperties(byte end)
    {
        while (!_reader.TryTake(end))
        {
            var tag = _reader.ReadTag();
            var name = ReadName(tag);
            if (!_reader.TryTake(ValueTag.Undefined))
            {
                _json.WritePropertyName(name);
                WriteValue();
            }
        }

        _reader.ReadVarint();
    }

    private string ReadName(byte tag)
        => ValueReader.IsText(tag) ? ValueReader.ToText(tag, _reader.ReadTextBytes(tag))
            : ValueReader.IsNumber(tag) ? JsNames.FromNumber(_reader.ReadNumber(tag))
            : throw new NotSupportedException("The message contains a Map with keys that are neither strings nor numbers, which JSON cannot say. Read it by GetValue().");

    private void WriteDenseArray()
    {
        var length = _reader.ReadVarint();
        _json.WriteStartArray();
        for (var i = 0u; i < length; i++)
        {
            if (_reader.TryTake(ValueTag.Hole))
            {
                _json.WriteNullValue();
            }
            else
            {
                WriteValue();
            }
        }

        _json.WriteEndArray();
        SkipProperties(ValueTag.EndDenseArray);
    }

    /// <summary>With null for each hole. V8 writes the elements in their order, and then what the array has by name, which JSON cannot say.</summary>
    private void WriteSparseArray()
    {
        var length = _reader.ReadVarint();
        var next = 0u;
        _json.WriteStartArray();
        while (true)
        {
            var position = _reader.Position;
            var tag = _reader.ReadTag();
            if (!ValueReader.IsNumber(tag) || !Numbers.IsIndex(_reader.ReadNumber(tag), out var index))
            {
                _reader.Position = position;
                break;
            }

            if (index < next)
            {
                throw new NotSupportedException("The message contains an array whose elements are out of order.");
            }

            WriteHoles(index - next);
            next = index + 1;
            WriteValue();
        }

        WriteHoles(length - Math.Min(next, length));
        _json.WriteEndArray();
        SkipProperties(ValueTag.EndSparseArray);
    }

    private readonly void WriteHoles(uint count)
    {
        CheckRoom(5L * count);
        for (var i = 0u; i < count; i++)
        {
            _json.WriteNullValue();
        }
    }

    private void SkipProperties(byte end)
    {
        while (!_reader.TryTake(end))
        {
            _reader.ReadValue();
            SkipValue();
        }

        _reader.ReadVarint();
        _reader.ReadVarint();
    }

    /// <summary>Passes over a value. What is in it cannot be referred to from elsewhere any more: a reference to it is refused.</summary>
    private void SkipValue()
    {
        _reader.ReadValue();
        _places?.AddRange(Enumerable.Repeat(int.MinValue, Math.Max(0, _reader.NextId - _format.FirstId - _places.Count)));
    }

    private void WriteMap()
    {
        _json.WriteStartObject();
        while (!_reader.TryTake(ValueTag.EndMap))
        {
            _json.WritePropertyName(ReadName(_reader.ReadTag()));
            WriteValue();
        }

        _reader.ReadVarint();
        _json.WriteEndObject();
    }

    private void WriteError()
    {
        var name = "Error";
        _json.WriteStartObject();
        for (var tag = _reader.ReadByte(); tag != ErrorTag.End; tag = _reader.ReadByte())
        {
            switch (tag)
            {
                case ErrorTag.Message:
                    _json.WriteString("message"u8, ReadString());
                    break;
                case ErrorTag.Stack:
                    _json.WriteString("stack"u8, ReadString());
                    break;
                case ErrorTag.Cause:
                    _json.WritePropertyName("cause"u8);
                    WriteValue();
                    break;
                default:
                    name = ErrorTag.Name(tag) ?? name;
                    break;
            }
        }

        _json.WriteString("name"u8, name);
        _json.WriteEndObject();
    }

    private void WriteBytes(byte tag)
    {
        switch (tag)
        {
            case ValueTag.ArrayBuffer or ValueTag.ResizableArrayBuffer:
                var buffer = _reader.ReadBuffer(tag);
                if (_reader.TryTake(ValueTag.ArrayBufferView))
                {
                    WriteView(buffer);
                }
                else
                {
                    _json.WriteBase64StringValue(buffer);
                }

                break;
            case ValueTag.HostObject when _reader.ReadVarint() == 0:
                WriteElements(_reader.ReadHostView(out var type), type);
                break;
            case ValueTag.HostObject:
                WriteValue();
                break;
            default:
                throw new NotSupportedException("The message contains what has no counterpart in .NET: shared memory, or WebAssembly.");
        }
    }

    /// <summary>The bytes of a buffer that was written before.</summary>
    private readonly ReadOnlySpan<byte> BufferAt(int place)
    {
        var reader = new ValueReader(_bytes, _format) { Position = place };
        var tag = reader.ReadTag();
        return tag is ValueTag.ArrayBuffer or ValueTag.ResizableArrayBuffer ? reader.ReadBuffer(tag) : throw new InvalidDataException("A view is of no buffer.");
    }

    private void WriteView(ReadOnlySpan<byte> buffer)
    {
        var (type, offset, length) = _reader.ReadViewHead();
        var id = Begin();
        if ((ulong)offset + length > (ulong)buffer.Length)
        {
            throw new InvalidDataException($"A {type} looks at what is not there.");
        }

        WriteElements(buffer.Slice((int)offset, (int)length), type);

        // Where it begins says nothing without its buffer.
        _places?[id] = int.MinValue;
    }

    /// <summary>Bytes in base 64, as byte[] is read; other elements as an array of numbers.</summary>
    private readonly void WriteElements(ReadOnlySpan<byte> bytes, ViewType type)
    {
        if (type is ViewType.Buffer or ViewType.Uint8Array or ViewType.Uint8ClampedArray or ViewType.DataView)
        {
            _json.WriteBase64StringValue(bytes);
            return;
        }

        CheckRoom(2L * bytes.Length / type.ElementSize());
        _json.WriteStartArray();
        for (var i = 0; i < bytes.Length; i += type.ElementSize())
        {
            WriteElement(bytes[i..], type);
        }

        _json.WriteEndArray();
    }

    private readonly void WriteElement(ReadOnlySpan<byte> at, ViewType type)
    {
        switch (type)
        {
            case ViewType.BigInt64Array:
                _json.WriteNumberValue(MemoryMarshal.Read<long>(at));
                break;
            case ViewType.BigUint64Array:
                _json.WriteNumberValue(MemoryMarshal.Read<ulong>(at));
                break;
            case ViewType.Float32Array when MemoryMarshal.Read<float>(at) is var single && float.IsFinite(single):
                _json.WriteRawValue(single.ToString("R", CultureInfo.InvariantCulture), skipInputValidation: true);
                break;
            default:
                WriteNumber(type switch
                {
                    ViewType.Int8Array => (sbyte)at[0],
                    ViewType.Int16Array => MemoryMarshal.Read<short>(at),
                    ViewType.Uint16Array => MemoryMarshal.Read<ushort>(at),
                    ViewType.Int32Array => MemoryMarshal.Read<int>(at),
                    ViewType.Uint32Array => MemoryMarshal.Read<uint>(at),
                    ViewType.Float16Array => (double)MemoryMarshal.Read<Half>(at),
                    ViewType.Float32Array => MemoryMarshal.Read<float>(at),
                    _ => MemoryMarshal.Read<double>(at),
                });
                break;
        }
    }
}
