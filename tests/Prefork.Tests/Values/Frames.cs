using Prefork.Values;

namespace Prefork.Tests.Values;

/// <summary>Frames as Node 20.20 writes them (v8.Serializer with child_process's host objects), without the length, and what they are made from.</summary>
internal static class Frames
{
    internal static readonly (string JavaScript, string Hex)[] OfNode =
    [
        ("online, as a worker sends it", "ff0f6f2203636d64220c4e4f44455f434c5553544552220361637422066f6e6c696e65220373657149007b03"),
        ("queryServer", "ff0f6f2203636d64220c4e4f44455f434c55535445522203616374220b71756572795365727665722205696e64657849002204646174613022076164647265737322093132372e302e302e312204706f72744900220b61646472657373547970654908220266645f2205666c616773490022076261636b6c6f674900220373657149027b0b"),
        ("a NODE_HANDLE", "ff0f6f2203636d64220b4e4f44455f48414e444c45220474797065220a6e65742e536f636b657422036d73676f220568656c6c6f2206736f636b65747b0122036b6579220d343a3132372e302e302e313a307b04"),
        ("new TypeError('m', { cause: { a: 1 } })", "ff0f72546d22016d636f22016149027b0173220253542e"),
        ("the same from Node 24", "ff0f72546d22016d7322025354636f22016149027b012e"),
        ("an error that is its own cause, from Node 24", "ff0f726d22017873220153635e002e"),
        ("new Error('')", "ff0f726d2200732201532e"),
        ("[1, , 3]", "ff0f61034900490249044906400203"),
        ("new Array(3).fill(0)", "ff0f6103490049004902490049044900400303"),
        ("[1] with p: 2", "ff0f410149022201704904240101"),
        ("boxed", "ff0f41056e00000000000014407978732201787a100500000000000000240005"),
        ("-0", "ff0f4e0000000000000080"),
        ("NaN", "ff0f4e000000000000f87f"),
        ("0n", "ff0f5a00"),
        ("-(1n << 70n)", "ff0f5a2100000000000000004000000000000000"),
        ("new Date(NaN)", "ff0f44000000000000f87f"),
        ("/a\\u20ac/giu", "ff0f522207615c753230616313"),
        ("/x/dgimsuy", "ff0f52220178bf01"),
        ("new DataView(new ArrayBuffer(2))", "ff0f5c0009020000"),
        ("new Uint8ClampedArray([1])", "ff0f5c00020101"),
        ("new BigInt64Array([1n])", "ff0f5c000b080100000000000000"),
        ("new Float16Array([1]), from Node 24", "ff0f5c000d02003c"),
        ("new Float64Array([1.5])", "ff0f5c000808000000000000f83f"),
        ("Buffer.from('buf')", "ff0f5c000a03627566"),
        ("a resizable ArrayBuffer", "ff0f7e02080000"),
        ("[ab, new Uint8Array(ab, 1, 2), ab]", "ff0f41034204000000005c00010200005e01240003"),
        ("{ 1: 1, 4294967294: 2, 4294967295: 3, '01': 4, '-1': 5, x: 6 }", "ff0f6f490249024e0000c0ffffffef414904220a34323934393637323935490622023031490822022d31490a220178490c7b06"),
        ("'x\\u20ac'", "ff0f63047800ac20"),
        ("['\\u20ac']", "ff0f41016302ac20240001"),
        ("[date, date]", "ff0f41024400000000000000005e01240002"),
        ("[1, undefined, null]", "ff0f410349025f30240003"),
        ("new Map([[1, 2]])", "ff0f3b490249043a02"),
        ("new Set(['x'])", "ff0f272201782c01"),
        ("an object that has itself", "ff0f6f220473656c665e007b01"),
        ("a view as V8 writes it, version 13", "ff0d420401020304" + "56420102"),
        ("a view as V8 writes it, version 15", "ff0f420401020304" + "5642010200"),
    ];

    internal static byte[] Bytes(string hex) => Convert.FromHexString(hex);

    /// <summary>Reads a frame's value.</summary>
    internal static object? Read(string hex)
    {
        var bytes = Bytes(hex);
        var format = ValueFormat.ReadHeader(bytes, out var head);
        return ValueReader.Read(bytes.AsSpan(head), format);
    }

    internal static string Json(string hex)
    {
        var bytes = Bytes(hex);
        var format = ValueFormat.ReadHeader(bytes, out var head);
        return System.Text.Encoding.UTF8.GetString(ValueToJson.Convert(bytes.AsSpan(head), format));
    }

    /// <summary>A value's frame without its length.</summary>
    internal static byte[] Write(object? value)
    {
        var writer = FrameWriter.Start();
        new ValueWriter(writer).Write(value);
        return writer.End()[FrameWriter.HeadSize..].ToArray();
    }

    internal static byte[] FromJson(string json) => JsonToFrame.Write(System.Text.Encoding.UTF8.GetBytes(json))[FrameWriter.HeadSize..].ToArray();
}
