using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Prefork.Values;

/// <summary>Writes a tree of values in V8's format, version 15. An object that comes a second time is written as a reference.</summary>
/// <param name="writer">Where to.</param>
internal sealed class ValueWriter(FrameWriter writer)
{
    private readonly Dictionary<object, int> _ids = new(ReferenceEqualityComparer.Instance);
    private int _depth;

    /// <exception cref="NotSupportedException">A value of a type that JavaScript has nothing for, or nesting that is too deep.</exception>
    internal void Write(object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteByte(ValueTag.Null);
                break;
            case JsUndefined:
                writer.WriteByte(ValueTag.Undefined);
                break;
            case bool flag:
                writer.WriteByte(flag ? ValueTag.True : ValueTag.False);
                break;
            case string text:
                writer.WriteText(text);
                break;
            case BigInteger:
                writer.WriteByte(ValueTag.BigInt);
                writer.WriteBigInt((BigInteger)value);
                break;
            case long or ulong or int or uint or short or ushort or byte or sbyte or float or double or Half:
                WriteNumber(value);
                break;
            default:
                WriteObject(value);
                break;
        }
    }

    private void WriteNumber(object value)
    {
        if (Numbers.TryGetDouble(value, out var number))
        {
            writer.WriteNumber(number);
            return;
        }

        throw new NotSupportedException($"{value} is beyond 2^53, where JavaScript's numbers are not exact. Send it as a BigInteger, or as a double.");
    }

    private void WriteObject(object value)
    {
        if (_ids.TryGetValue(value, out var id))
        {
            writer.WriteByte(ValueTag.Reference);
            writer.WriteVarint((uint)id);
            return;
        }

        if (++_depth > ValueReader.MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new NotSupportedException($"The value is nested deeper than {ValueReader.MaxDepth} levels.");
        }

        _ids.Add(value, _ids.Count);
        WriteNew(value);
        _depth--;
    }

    private void WriteNew(object value)
    {
        switch (value)
        {
            case IDictionary<string, object?> properties:
                writer.WriteByte(ValueTag.Object);
                WriteProperties(properties);
                End(ValueTag.EndObject, properties.Count);
                break;
            case JsArray array:
                WriteArray(array);
                break;
            case JsMap map:
                WriteMap(map);
                break;
            case JsSet set:
                WriteSet(set);
                break;
            case DateTimeOffset date:
                WriteDate(date);
                break;
            case DateTime date:
                WriteDate(date.ToUniversalTime());
                break;
            case JsRegExp expression:
                writer.WriteByte(ValueTag.RegExp);
                writer.WriteText(expression.Source);
                writer.WriteVarint(expression.FlagBits());
                break;
            case JsError error:
                WriteError(error);
                break;
            case JsBox box:
                WriteBox(box);
                break;
            case JsBytes { Kind: JsBytesKind.ArrayBuffer } buffer:
                writer.WriteByte(ValueTag.ArrayBuffer);
                writer.WriteVarint((uint)buffer.Bytes.Length);
                writer.WriteBytes(buffer.Bytes);
                break;
            case JsBytes bytes:
                WriteView(bytes.Kind switch
                {
                    JsBytesKind.Uint8Array => ViewType.Uint8Array,
                    JsBytesKind.Uint8ClampedArray => ViewType.Uint8ClampedArray,
                    _ => ViewType.DataView,
                }, bytes.Bytes);
                break;
            case Array numbers when ViewOf(numbers) is { } type:
                WriteView(type, MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(numbers), numbers.Length * type.ElementSize()));
                break;
            case IReadOnlyCollection<object?> list:
                WriteList(list);
                break;
            default:
                throw new NotSupportedException(
                    $"{value.GetType()} is no value that the channel knows: use those of {nameof(Prefork)}.{nameof(Values)}, or send it typed, by SendAsync.");
        }
    }

    /// <summary>The exact type, because the runtime takes an sbyte[] for a byte[].</summary>
    private static ViewType? ViewOf(Array array) => array.GetType() switch
    {
        var type when type == typeof(byte[]) => ViewType.Buffer,
        var type when type == typeof(sbyte[]) => ViewType.Int8Array,
        var type when type == typeof(short[]) => ViewType.Int16Array,
        var type when type == typeof(ushort[]) => ViewType.Uint16Array,
        var type when type == typeof(int[]) => ViewType.Int32Array,
        var type when type == typeof(uint[]) => ViewType.Uint32Array,
        var type when type == typeof(Half[]) => ViewType.Float16Array,
        var type when type == typeof(float[]) => ViewType.Float32Array,
        var type when type == typeof(double[]) => ViewType.Float64Array,
        var type when type == typeof(long[]) => ViewType.BigInt64Array,
        var type when type == typeof(ulong[]) => ViewType.BigUint64Array,
        _ => null,
    };

    private void WriteProperties(IEnumerable<KeyValuePair<string, object?>> properties)
    {
        foreach (var (name, value) in properties)
        {
            writer.WriteName(name);
            Write(value);
        }
    }

    private void WriteArray(JsArray array)
    {
        var properties = array.PropertiesOrNull;
        writer.WriteByte(array.HasHoles ? ValueTag.SparseArray : ValueTag.DenseArray);
        writer.WriteVarint(array.Length);
        foreach (var (index, value) in array.Elements)
        {
            if (array.HasHoles)
            {
                writer.WriteNumber(index);
            }

            Write(value);
        }

        WriteProperties(properties ?? []);
        End(array.HasHoles ? ValueTag.EndSparseArray : ValueTag.EndDenseArray, (array.HasHoles ? array.Count : 0) + (properties?.Count ?? 0));
        writer.WriteVarint(array.Length);
    }

    private void WriteList(IReadOnlyCollection<object?> list)
    {
        writer.WriteByte(ValueTag.DenseArray);
        writer.WriteVarint((uint)list.Count);
        var count = 0;
        foreach (var value in list)
        {
            Write(value);
            count++;
        }

        if (count != list.Count)
        {
            throw new NotSupportedException($"A {list.GetType()} says that it has {list.Count} elements, and has {count}.");
        }

        End(ValueTag.EndDenseArray, 0);
        writer.WriteVarint((uint)count);
    }

    private void WriteMap(JsMap map)
    {
        writer.WriteByte(ValueTag.Map);
        foreach (var (key, value) in map)
        {
            Write(key);
            Write(value);
        }

        End(ValueTag.EndMap, 2 * map.Count);
    }

    private void WriteSet(JsSet set)
    {
        writer.WriteByte(ValueTag.Set);
        foreach (var value in set)
        {
            Write(value);
        }

        End(ValueTag.EndSet, set.Count);
    }

    private void WriteDate(DateTimeOffset date)
    {
        writer.WriteByte(ValueTag.Date);
        writer.WriteDouble(date.ToUnixTimeMilliseconds());
    }

    /// <summary>The cause last: Node 20 reads any order, later versions only this one.</summary>
    private void WriteError(JsError error)
    {
        writer.WriteByte(ValueTag.Error);
        if (ErrorTag.Of(error.Name) is { } tag)
        {
            writer.WriteByte(tag);
        }

        WriteErrorText(ErrorTag.Message, error.Message);
        WriteErrorText(ErrorTag.Stack, error.Stack);
        if (error.Cause is not JsUndefined)
        {
            writer.WriteByte(ErrorTag.Cause);
            Write(error.Cause);
        }

        writer.WriteByte(ErrorTag.End);
    }

    private void WriteErrorText(byte tag, string? text)
    {
        if (text is not null)
        {
            writer.WriteByte(tag);
            writer.WriteText(text);
        }
    }

    private void WriteBox(JsBox box)
    {
        switch (box.Value)
        {
            case bool flag:
                writer.WriteByte(flag ? ValueTag.TrueObject : ValueTag.FalseObject);
                break;
            case string text:
                writer.WriteByte(ValueTag.StringObject);
                writer.WriteText(text);
                break;
            case BigInteger integer:
                writer.WriteByte(ValueTag.BigIntObject);
                writer.WriteBigInt(integer);
                break;
            case var value when Numbers.TryGetDouble(value, out var number):
                writer.WriteByte(ValueTag.NumberObject);
                writer.WriteDouble(number);
                break;
            default:
                throw new NotSupportedException($"A {nameof(JsBox)} holds a primitive, not {box.Value?.GetType().ToString() ?? "null"}.");
        }
    }

    private void WriteView(ViewType type, ReadOnlySpan<byte> bytes)
    {
        writer.WriteByte(ValueTag.HostObject);
        writer.WriteVarint(0);
        writer.WriteVarint((uint)type);
        writer.WriteVarint((uint)bytes.Length);
        writer.WriteBytes(bytes);
    }

    private void End(byte tag, int count)
    {
        writer.WriteByte(tag);
        writer.WriteVarint((uint)count);
    }
}
