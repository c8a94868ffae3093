namespace Prefork.Values;

/// <summary>The bytes by which V8's format says what follows. Names and values are V8's (value-serializer.cc).</summary>
internal static class ValueTag
{
    internal const byte Version = 0xFF;
    internal const byte Padding = (byte)'\0';
    internal const byte VerifyObjectCount = (byte)'?';
    internal const byte Hole = (byte)'-';
    internal const byte Undefined = (byte)'_';
    internal const byte Null = (byte)'0';
    internal const byte True = (byte)'T';
    internal const byte False = (byte)'F';
    internal const byte Int32 = (byte)'I';
    internal const byte Uint32 = (byte)'U';
    internal const byte Double = (byte)'N';
    internal const byte BigInt = (byte)'Z';
    internal const byte Utf8String = (byte)'S';
    internal const byte OneByteString = (byte)'"';
    internal const byte TwoByteString = (byte)'c';
    internal const byte Reference = (byte)'^';
    internal const byte Object = (byte)'o';
    internal const byte EndObject = (byte)'{';
    internal const byte SparseArray = (byte)'a';
    internal const byte EndSparseArray = (byte)'@';
    internal const byte DenseArray = (byte)'A';
    internal const byte EndDenseArray = (byte)'$';
    internal const byte Date = (byte)'D';
    internal const byte TrueObject = (byte)'y';
    internal const byte FalseObject = (byte)'x';
    internal const byte NumberObject = (byte)'n';
    internal const byte BigIntObject = (byte)'z';
    internal const byte StringObject = (byte)'s';
    internal const byte RegExp = (byte)'R';
    internal const byte Map = (byte)';';
    internal const byte EndMap = (byte)':';
    internal const byte Set = (byte)'\'';
    internal const byte EndSet = (byte)',';
    internal const byte ArrayBuffer = (byte)'B';
    internal const byte ResizableArrayBuffer = (byte)'~';
    internal const byte ArrayBufferView = (byte)'V';
    internal const byte Error = (byte)'r';
    internal const byte HostObject = (byte)'\\';

    // Of these only the place in the bytes is known here: what they stand for lives in the other process, and Node never sends them.
    internal const byte ArrayBufferTransfer = (byte)'t';
    internal const byte SharedArrayBuffer = (byte)'u';
    internal const byte SharedObject = (byte)'p';
    internal const byte WasmModule = (byte)'w';
    internal const byte WasmMemory = (byte)'m';
}
