namespace Prefork.Values;

/// <remarks>What has a number, and can be referred to.</remarks>
internal ref partial struct ValueReader
{
    private object? ReadObjectOf(byte tag)
    {
        switch (tag)
        {
            case ValueTag.Reference:
                return ReadReference();
            case ValueTag.Object:
                return ReadObject();
            case ValueTag.DenseArray:
                return ReadDenseArray();
            case ValueTag.SparseArray:
                return ReadSparseArray();
            case ValueTag.Map:
                return ReadMap();
            case ValueTag.Set:
                return ReadSet();
            case ValueTag.Error:
                return ReadError();
            case ValueTag.Date:
                var time = ReadDouble();
                return Leaf(Builds ? ToDate(time) : null);
            case ValueTag.RegExp:
                return ReadRegExp();
            case ValueTag.TrueObject:
                return Leaf(Builds ? new JsBox(true) : null);
            case ValueTag.FalseObject:
                return Leaf(Builds ? new JsBox(false) : null);
            case ValueTag.NumberObject:
                var number = ReadDouble();
                return Leaf(Builds ? new JsBox(number) : null);
            case ValueTag.BigIntObject:
                var digits = ReadBigInt(out var negative);
                return Leaf(Builds ? new JsBox(Numbers.ToBigInteger(digits, negative)) : null);
            case ValueTag.StringObject:
                var text = ReadText();
                return Leaf(Builds ? new JsBox(text) : null);
            default:
                return ReadBytesOf(tag);
        }
    }

    private object? Leaf(object? value)
    {
        TakeId(value);
        return value;
    }

    /// <summary>A date, in whole milliseconds as JavaScript has them.</summary>
    /// <exception cref="NotSupportedException">It is outside of the years that .NET has.</exception>
    internal static DateTimeOffset ToDate(double milliseconds)
        => milliseconds >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds() && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)milliseconds)
            : throw new NotSupportedException($"A Date of {milliseconds} ms is invalid, or outside of the years 1 to 9999 that .NET has.");

    private object? ReadReference()
    {
        var id = ReadVarint();
        if (id < (uint)_format.FirstId || id >= (uint)_nextId)
        {
            throw new InvalidDataException($"It refers to object {id}, which is not in it.");
        }

        var buffer = Builds ? _objects![(int)id - _format.FirstId] ?? throw new InvalidDataException($"It refers to object {id} inside of that.") : null;
        return TryTake(ValueTag.ArrayBufferView) ? ReadView(buffer) : buffer;
    }

    private JsObject? ReadObject()
    {
        var result = Builds ? new JsObject() : null;
        TakeId(result);
        ReadProperties(ValueTag.EndObject, result, null);
        return result;
    }

    /// <summary>Reads names and values up to the end tag, and the number of them. With an array, names that are indexes are its elements.</summary>
    private void ReadProperties(byte end, JsObject? target, JsArray? array)
    {
        var count = 0u;
        while (TryReadKey(end, out var name, out var index))
        {
            var value = ReadValue();
            count++;
            if (array is not null)
            {
                Set(array, name, index, value);
            }
            else if (target is not null)
            {
                target[name ?? $"{index}"] = value;
            }
        }

        if (ReadVarint() != count)
        {
            throw new InvalidDataException("The number of properties is not what it says.");
        }
    }

    private static void Set(JsArray array, string? name, uint? index, object? value)
    {
        if (index is { } position)
        {
            array[position] = position < array.Length ? value : throw new InvalidDataException($"Element {position} is beyond the array's length.");
        }
        else
        {
            array.Properties[name!] = value;
        }
    }

    /// <summary>The next property's name, or the end. A name that is an index comes as such; the name itself only when values are built.</summary>
    private bool TryReadKey(byte end, out string? name, out uint? index)
    {
        name = null;
        index = null;
        var tag = ReadTag();
        if (tag == end)
        {
            return false;
        }

        if (IsText(tag))
        {
            var bytes = ReadTextBytes(tag);
            name = Builds ? ToText(tag, bytes) : null;
            return true;
        }

        var number = IsNumber(tag) ? ReadNumber(tag) : throw Unexpected(tag);
        index = Numbers.IsIndex(number, out var position) ? position : null;
        name = index is null && Builds ? JsNames.FromNumber(number) : null;
        return true;
    }

    private JsArray? ReadDenseArray()
    {
        var length = ReadVarint();
        var result = Builds ? new JsArray() : null;
        TakeId(result);
        for (var i = 0u; i < length; i++)
        {
            if (TryTake(ValueTag.Hole))
            {
                continue;
            }

            var value = ReadValue();
            if (result is not null)
            {
                result[i] = value;
            }
        }

        return EndArray(result, length, ValueTag.EndDenseArray);
    }

    /// <summary>V8 writes every array so that has a hole, or may once have had one.</summary>
    private JsArray? ReadSparseArray()
    {
        var length = ReadVarint();
        var result = Builds ? new JsArray { Length = length } : null;
        TakeId(result);
        return EndArray(result, length, ValueTag.EndSparseArray);
    }

    private JsArray? EndArray(JsArray? array, uint length, byte end)
    {
        if (array is not null)
        {
            array.Length = length;
        }

        ReadProperties(end, null, array);
        return ReadVarint() == length ? array : throw new InvalidDataException("An array's length is not what it says.");
    }

    private JsMap? ReadMap()
    {
        var result = Builds ? new JsMap() : null;
        TakeId(result);
        var count = 0u;
        while (!TryTake(ValueTag.EndMap))
        {
            var key = ReadValue();
            var value = ReadValue();
            count += 2;
            if (result is not null)
            {
                result[key] = value;
            }
        }

        return ReadVarint() == count ? result : throw new InvalidDataException("The size of a Map is not what it says.");
    }

    private JsSet? ReadSet()
    {
        var result = Builds ? new JsSet() : null;
        TakeId(result);
        var count = 0u;
        while (!TryTake(ValueTag.EndSet))
        {
            result?.Add(ReadValue());
            if (!Builds)
            {
                ReadValue();
            }

            count++;
        }

        return ReadVarint() == count ? result : throw new InvalidDataException("The size of a Set is not what it says.");
    }

    private JsRegExp? ReadRegExp()
    {
        var id = TakeId(null);
        var source = ReadText();
        var bits = JsRegExp.CheckBits(ReadVarint());
        var result = Builds ? new JsRegExp(source, JsRegExp.FlagsFromBits(bits)) : null;
        Place(id, result);
        return result;
    }

    private JsError? ReadError()
    {
        var result = Builds ? new JsError() : null;
        TakeId(result);
        for (var tag = ReadByte(); tag != ErrorTag.End; tag = ReadByte())
        {
            switch (tag)
            {
                case ErrorTag.Message:
                    var message = ReadText();
                    result?.Message = message;
                    break;
                case ErrorTag.Stack:
                    var stack = ReadText();
                    result?.Stack = stack;
                    break;
                case ErrorTag.Cause:
                    var cause = ReadValue();
                    result?.Cause = cause;
                    break;
                default:
                    var name = ErrorTag.Name(tag) ?? throw Unexpected(tag);
                    result?.Name = name;
                    break;
            }
        }

        return result;
    }

    /// <summary>Gives the object of a number that was taken before the object could be made.</summary>
    private readonly void Place(int id, object? value) => _objects?[id - _format.FirstId] = value;
}
