using System.Buffers;
using System.Text.Json;
using CsCheck;
using Prefork.Values;
using Prefork.Wire;

namespace Prefork.Tests.Values;

/// <summary>The binary reader, fed with frames that are nearly right.</summary>
public class ValueFuzzTests
{
    private static readonly byte[][] Good = [.. Frames.OfNode.Select(frame => Frames.Bytes(frame.Hex)), .. Written()];

    [Fact]
    public void AnyFrame_IsReadOrRefused_WithMemoryInProportion()
        => Fuzzing.Mutated(Good).Check(Read, rounds: 60_000, Fuzzing.Hex);

    [Fact]
    public void AnyTree_ComesBackAsItWas()
        => Tree(4).Check(
            value =>
            {
                var frame = Frames.Write(value);
                Assert.Equal(frame, Frames.Write(ValueReader.Read(frame.AsSpan(2), new ValueFormat(15, 0))));
            },
            rounds: 3_000,
            value => $"{value}");

    [Fact]
    public void AnyJson_ComesBackAsItWas()
        => Tree(4).Check(
            value =>
            {
                // Once made, its JSON goes through the frame and stays.
                string json;
                try
                {
                    json = Frames.Json(Convert.ToHexString(Frames.Write(value)));
                }
                catch (NotSupportedException)
                {
                    return;
                }

                Assert.Equal(json, Frames.Json(Convert.ToHexString(Frames.FromJson(json))));
            },
            rounds: 3_000,
            value => $"{value}");

    private static void Read(byte[] bytes)
    {
        ValueFormat format;
        byte[] body;
        MessageHeader header;
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            format = ValueFormat.ReadHeader(bytes, out var head);
            body = bytes[head..];
            before = GC.GetAllocatedBytesForCurrentThread();
            header = FrameHeader.Read(body, format);
        }
        catch (InvalidDataException)
        {
            return;
        }

        // The names of an unknown command and of a handle's type, at most.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 + (4 * body.Length));
        ReadTree(body, format);
        ReadJson(body, format);
        ReadInternal(body, format);
        if (header.Command == NodeCommand.Handle && !body.AsSpan()[header.Inner].IsEmpty)
        {
            FrameHeader.Read(body.AsSpan()[header.Inner], header.InnerFormat);
            ReadTree(body[header.Inner], header.InnerFormat);
        }
    }

    private static void ReadTree(byte[] body, ValueFormat format)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            var value = ValueReader.Read(body, format);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096 + (300 * body.Length));
            ValueReader.Read(Frames.Write(value is JsUndefined ? null : value).AsSpan(2), new ValueFormat(15, 0));
        }
        catch (Exception exception) when (exception is InvalidDataException or NotSupportedException)
        {
            // Refused, which is what is asked.
        }
    }

    private static void ReadJson(byte[] body, ValueFormat format)
    {
        try
        {
            using var document = JsonDocument.Parse(ValueToJson.Convert(body, format), new JsonDocumentOptions { MaxDepth = 8192 });
        }
        catch (Exception exception) when (exception is InvalidDataException or NotSupportedException)
        {
            // As above. A JsonException would mean that what is written is no JSON.
        }
    }

    private static void ReadInternal(byte[] body, ValueFormat format)
    {
        var output = new ArrayBufferWriter<byte>();
        try
        {
            ValueToJson.ConvertInternal(body, format, output);
        }
        catch (InvalidDataException)
        {
            // As above.
        }

        Assert.InRange(output.WrittenCount, 0, (256 * 1024) + (32 * body.Length));
    }

    private static IEnumerable<byte[]> Written()
    {
        var gen = Tree(3);
        var written = new List<byte[]>();
        gen.Sample(value => written.Add(Frames.Write(value)), iter: 200, threads: 1, seed: "0000KeaTnDs5");
        written.Add(Frames.Write(new JsObject
        {
            ["cmd"] = "NODE_HANDLE",
            ["type"] = "net.Socket",
            ["msg"] = new JsObject { ["cmd"] = "NODE_HANDLE", ["type"] = "net.Native", ["msg"] = new JsArray { 1, "x" } },
        }));
        return written;
    }

    /// <summary>Values of every kind; some of what has parts has a part twice, or itself.</summary>
    private static Gen<object?> Tree(int depth)
    {
        var leaf = Gen.OneOf<object?>(
            Gen.OneOf<object?>(null, JsUndefined.Value, true, false, double.NaN, double.PositiveInfinity, -0.0, "", new JsRegExp("a", "g")),
            Gen.Double.Select(number => (object?)number),
            Gen.Int.Select(number => (object?)number),
            Gen.String.Select(text => (object?)text),
            Gen.Byte.Array[0, 40].Select(bytes => (object?)bytes),
            Gen.Byte.Array[0, 40].Select(bytes => (object?)new System.Numerics.BigInteger(bytes)),
            Gen.Double.Array[0, 4].Select(numbers => (object?)numbers),
            Gen.Short.Array[0, 4].Select(numbers => (object?)numbers),
            Gen.Byte.Array[0, 4].Select(Gen.Enum<JsBytesKind>(), (bytes, kind) => (object?)new JsBytes(kind, bytes)),
            Gen.Long[-62_135_596_800_000, 253_402_300_799_999].Select(time => (object?)DateTimeOffset.FromUnixTimeMilliseconds(time)),
            Gen.Double.Select(number => (object?)new JsBox(number)));
        if (depth == 0)
        {
            return leaf;
        }

        var parts = Tree(depth - 1).Array[0, 5];
        return Gen.OneOf(leaf, Gen.Select(Gen.Int[0, 5], parts, Gen.Bool).Select((kind, values, twice) => Make(kind, values, twice)));
    }

    private static object Make(int kind, object?[] values, bool twice)
    {
        switch (kind)
        {
            case 0:
                var list = new JsArray(values);
                if (twice)
                {
                    list.Add(values.FirstOrDefault());
                    list.Properties["name"] = values.LastOrDefault();
                }

                return list;
            case 1:
                var sparse = new JsArray();
                foreach (var value in values)
                {
                    sparse[(sparse.Length * 3) + 1] = value;
                }

                return sparse;
            case 2:
                var map = new JsMap();
                foreach (var value in values)
                {
                    map[value] = twice ? map : value;
                }

                return map;
            case 3:
                return values.Aggregate(new JsSet(), static (set, value) =>
                {
                    set.Add(value);
                    return set;
                });
            case 4:
                return new JsError { Message = values.Length > 0 ? "message" : null, Cause = values.FirstOrDefault() };
            default:
                var result = new JsObject();
                for (var i = 0; i < values.Length; i++)
                {
                    result[i % 2 == 0 ? $"{i}" : $"name {i} \u20ac"] = values[i];
                }

                if (twice)
                {
                    result["self"] = result;
                }

                return result;
        }
    }
}
