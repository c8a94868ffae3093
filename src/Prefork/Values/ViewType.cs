using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Prefork.Values;

/// <summary>Typed arrays and what else looks into bytes, by Node's numbers (lib/v8.js) and V8's letters.</summary>
internal enum ViewType
{
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    DataView,
    Buffer,
    BigInt64Array,
    BigUint64Array,
    Float16Array,
}

internal static class ViewTypes
{
    internal static int ElementSize(this ViewType type) => type switch
    {
        ViewType.Int16Array or ViewType.Uint16Array or ViewType.Float16Array => 2,
        ViewType.Int32Array or ViewType.Uint32Array or ViewType.Float32Array => 4,
        ViewType.Float64Array or ViewType.BigInt64Array or ViewType.BigUint64Array => 8,
        _ => 1,
    };

    /// <summary>The type for V8's own letter; null when there is none.</summary>
    internal static ViewType? FromLetter(byte letter) => (char)letter switch
    {
        'b' => ViewType.Int8Array,
        'B' => ViewType.Uint8Array,
        'C' => ViewType.Uint8ClampedArray,
        'w' => ViewType.Int16Array,
        'W' => ViewType.Uint16Array,
        'd' => ViewType.Int32Array,
        'D' => ViewType.Uint32Array,
        'h' => ViewType.Float16Array,
        'f' => ViewType.Float32Array,
        'F' => ViewType.Float64Array,
        'q' => ViewType.BigInt64Array,
        'Q' => ViewType.BigUint64Array,
        '?' => ViewType.DataView,
        _ => null,
    };

    /// <summary>The bytes as what a user gets for the type.</summary>
    internal static object ToValue(this ViewType type, ReadOnlySpan<byte> bytes) => type switch
    {
        ViewType.Buffer => Copy<byte>(bytes),
        ViewType.Int8Array => Copy<sbyte>(bytes),
        ViewType.Int16Array => Copy<short>(bytes),
        ViewType.Uint16Array => Copy<ushort>(bytes),
        ViewType.Int32Array => Copy<int>(bytes),
        ViewType.Uint32Array => Copy<uint>(bytes),
        ViewType.Float16Array => Copy<Half>(bytes),
        ViewType.Float32Array => Copy<float>(bytes),
        ViewType.Float64Array => Copy<double>(bytes),
        ViewType.BigInt64Array => Copy<long>(bytes),
        ViewType.BigUint64Array => Copy<ulong>(bytes),
        ViewType.Uint8Array => new JsBytes(JsBytesKind.Uint8Array, bytes.ToArray()),
        ViewType.Uint8ClampedArray => new JsBytes(JsBytesKind.Uint8ClampedArray, bytes.ToArray()),
        _ => new JsBytes(JsBytesKind.DataView, bytes.ToArray()),
    };

    /// <summary>Always an array of its own: ToArray() gives all that is empty the same one, and the same object is written as a reference.</summary>
    private static T[] Copy<T>(ReadOnlySpan<byte> bytes)
        where T : unmanaged, INumberBase<T>
    {
        var array = new T[bytes.Length / Unsafe.SizeOf<T>()];
        bytes.CopyTo(MemoryMarshal.AsBytes(array.AsSpan()));
        return array;
    }
}
