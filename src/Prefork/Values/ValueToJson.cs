using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Prefork.Values;

/// <summary>
/// Writes V8's values as JSON text, from bytes that have been checked: what JSON has, as it is; dates, bytes, sets and maps as
/// System.Text.Json would write their .NET counterparts. What a message refers to twice is written twice, within a bound.
/// </summary>
internal ref partial struct ValueToJson
{
    private const int LongestBigInt = 1024;
    private const int RoomForUser = 16 * 1024 * 1024;
    private const int GrowthOfUser = 16;
    private const int RoomForInternal = 64 * 1024;
    private const int GrowthOfInternal = 8;
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true, MaxDepth = 2 * ValueReader.MaxDepth };

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly Utf8JsonWriter _json;
    private readonly ValueFormat _format;
    private readonly long _limit;

    /// <summary>Where each object begins; its complement while it is being written. Null where nothing may be referred to.</summary>
    private readonly List<int>? _places;

    private ValueReader _reader;
    private long _readAgain;

    private ValueToJson(ReadOnlySpan<byte> bytes, ValueFormat format, Utf8JsonWriter json, List<int>? places, long limit)
    {
        _bytes = bytes;
        _format = format;
        _json = json;
        _places = places;
        _limit = limit;
        _reader = new ValueReader(bytes, format);
    }

    /// <summary>A user's message.</summary>
    /// <exception cref="NotSupportedException">JSON has nothing for a value: a cycle, say.</exception>
    internal static byte[] Convert(ReadOnlySpan<byte> bytes, ValueFormat format)
    {
        var output = new ArrayBufferWriter<byte>(Math.Max(256, bytes.Length));
        using (var json = new Utf8JsonWriter(output, Options))
        {
            new ValueToJson(bytes, format, json, [], RoomForUser + ((long)GrowthOfUser * bytes.Length)).WriteValue();
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>A message of the cluster's own, in which nothing refers to anything.</summary>
    /// <exception cref="InvalidDataException">It is not of that kind.</exception>
    internal static void ConvertInternal(ReadOnlySpan<byte> bytes, ValueFormat format, ArrayBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, Options);
        try
        {
            new ValueToJson(bytes, format, json, null, RoomForInternal + ((long)GrowthOfInternal * bytes.Length)).WriteValue();
        }
        catch (NotSupportedException exception)
        {
            throw new InvalidDataException(exception.Message, exception);
        }
    }

    private void WriteValue()
    {
        _reader.Enter();
        CheckRoom(0);
        var tag = _reader.ReadTag();
        if (ValueReader.IsText(tag))
        {
            WriteText(tag);
        }
        else if (ValueReader.IsNumber(tag))
        {
            WriteNumber(_reader.ReadNumber(tag));
        }
        else
        {
            WriteOther(tag);
        }

        _reader.Leave();
    }

    private void WriteOther(byte tag)
    {
        switch (tag)
        {
            case ValueTag.Null or ValueTag.Undefined:
                _json.WriteNullValue();
                break;
            case ValueTag.True or ValueTag.False:
                _json.WriteBooleanValue(tag == ValueTag.True);
                break;
            case ValueTag.BigInt:
                WriteBigInt();
                break;
            case ValueTag.Reference:
                WriteReference();
                break;
            default:
                var id = Begin();
                WriteObject(tag);
                if (_places is not null)
                {
                    CollectionsMarshal.AsSpan(_places)[id] = ~_places[id];
                }

                break;
        }
    }

    /// <summary>Notes where the object begins whose tag has just been read; again when it is written again.</summary>
    private int Begin()
    {
        var id = _reader.TakeId(null) - _format.FirstId;
        if (_places is not null)
        {
            CollectionsMarshal.SetCount(_places, Math.Max(_places.Count, id + 1));
            _places[id] = ~(_reader.Position - 1);
        }

        return id;
    }

    private void WriteReference()
    {
        if (_places is null)
        {
            throw new InvalidDataException("An internal message refers to a part of itself.");
        }

        var id = (int)_reader.ReadVarint() - _format.FirstId;
        var place = id >= 0 && id < _places.Count ? _places[id] : throw new InvalidDataException("A reference is to nothing.");
        if (place < 0)
        {
            throw new NotSupportedException("A part of the message refers to what it is in, which JSON cannot say. Read it by GetValue().");
        }

        if (_reader.TryTake(ValueTag.ArrayBufferView))
        {
            WriteView(BufferAt(place));
            return;
        }

        var (position, nextId) = (_reader.Position, _reader.NextId);
        (_reader.Position, _reader.NextId) = (place, id + _format.FirstId);
        WriteValue();
        _readAgain += _reader.Position - place;
        (_reader.Position, _reader.NextId) = (position, nextId);
        CheckRoom(0);
    }

    /// <summary>A few bytes can stand for many: by references to references, or as the length of an array that is all holes.</summary>
    private readonly void CheckRoom(long more)
    {
        if (_json.BytesCommitted + _json.BytesPending + more > _limit || _readAgain > _limit)
        {
            throw new NotSupportedException($"As JSON the message would be over {_limit} bytes. Read it by GetValue().");
        }
    }

    private void WriteText(byte tag)
    {
        var bytes = _reader.ReadTextBytes(tag);
        if (tag == ValueTag.OneByteString && Ascii.IsValid(bytes))
        {
            _json.WriteStringValue(bytes);
        }
        else
        {
            _json.WriteStringValue(ValueReader.ToText(tag, bytes));
        }
    }

    /// <summary>Integers without an exponent, so that they are read as such. What JSON has no number for is named as System.Text.Json does.</summary>
    private readonly void WriteNumber(double number)
    {
        if (Numbers.IsInteger(number, out var integer))
        {
            WriteInteger(integer);
        }
        else if (double.IsFinite(number))
        {
            _json.WriteNumberValue(number);
        }
        else
        {
            _json.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
        }
    }

    private readonly void WriteInteger(Int128 integer)
    {
        if (integer >= long.MinValue && integer <= long.MaxValue)
        {
            _json.WriteNumberValue((long)integer);
        }
        else
        {
            _json.WriteRawValue(integer.ToString(CultureInfo.InvariantCulture), skipInputValidation: true);
        }
    }

    private void WriteBigInt()
    {
        var digits = _reader.ReadBigInt(out var negative);
        if (digits.Length > LongestBigInt)
        {
            throw new NotSupportedException($"The message contains a bigint of {digits.Length} bytes; in JSON they are read up to {LongestBigInt}. Read it by GetValue().");
        }

        _json.WriteRawValue(Numbers.ToBigInteger(digits, negative).ToString(CultureInfo.InvariantCulture), skipInputValidation: true);
    }
}
