namespace Prefork.Values;

/// <summary>Bytes that are no Buffer, which is <c>byte[]</c> here.</summary>
/// <param name="kind">What JavaScript has them as.</param>
/// <param name="bytes">The bytes, not copied.</param>
public sealed class JsBytes(JsBytesKind kind, byte[] bytes)
{
    /// <summary>What JavaScript has them as.</summary>
    public JsBytesKind Kind { get; } = kind;

    /// <summary>The bytes.</summary>
    public byte[] Bytes { get; } = bytes;
}

/// <summary>JavaScript's kinds of plain bytes.</summary>
public enum JsBytesKind
{
    /// <summary>An ArrayBuffer.</summary>
    ArrayBuffer,

    /// <summary>A Uint8Array that is no Buffer.</summary>
    Uint8Array,

    /// <summary>A Uint8ClampedArray.</summary>
    Uint8ClampedArray,

    /// <summary>A DataView.</summary>
    DataView,
}
