using System.Numerics;
using Prefork.Values;
using Prefork.Wire;

namespace Prefork.Tests.Values;

public class ValueReaderTests
{
    public static TheoryData<string, string> OfNode => [.. Frames.OfNode.Select(frame => (frame.JavaScript, frame.Hex))];

    [Theory]
    [MemberData(nameof(OfNode))]
    public void WhatNodeWrites_IsRead_OrRefusedForItsValue(string javaScript, string hex)
    {
        try
        {
            Frames.Read(hex);
        }
        catch (NotSupportedException)
        {
            Assert.Equal("new Date(NaN)", javaScript);
        }

        var bytes = Frames.Bytes(hex);
        var format = ValueFormat.ReadHeader(bytes, out var head);
        FrameHeader.Read(bytes.AsSpan(head), format);
    }

    [Theory]
    [InlineData("ff0f30", null)]
    [InlineData("ff0f54", true)]
    [InlineData("ff0f46", false)]
    [InlineData("ff0f490a", 5.0)]
    [InlineData("ff0f4909", -5.0)]
    [InlineData("ff0f49feffffff0f", 2147483647.0)]
    [InlineData("ff0f49ffffffff0f", -2147483648.0)]
    [InlineData("ff0f55ffffffff0f", 4294967295.0)]
    [InlineData("ff0f4e000000000000f83f", 1.5)]
    [InlineData("ff0f2201e9", "\u00e9")]
    [InlineData("ff0f63020326", "\u2603")]
    [InlineData("ff0f5303e29883", "\u2603")]
    [InlineData("ff0f0000630400267800", "\u2600x")]
    [InlineData("ff0e3f00490a", 5.0)]
    [InlineData("ff0d490a", 5.0)]
    public void APrimitive_IsThatOfDotNet(string hex, object? expected) => Assert.Equal(expected, Frames.Read(hex));

    [Fact]
    public void Undefined_IsNotNull_AndMinusZeroIsNotZero()
    {
        Assert.Same(JsUndefined.Value, Frames.Read("ff0f5f"));
        Assert.True(double.IsNegative((double)Frames.Read("ff0f4e0000000000000080")!));
        Assert.Equal(-BigInteger.Pow(2, 70), Frames.Read("ff0f5a2100000000000000004000000000000000"));
    }

    [Fact]
    public void HalfAPairOfSurrogates_IsKept() => Assert.Equal("\ud800x", Frames.Read("ff0f630400d87800"));

    [Fact]
    public void AnArrayWithHoles_HasThem()
    {
        var array = Assert.IsType<JsArray>(Frames.Read("ff0f61034900490249044906400203"));
        Assert.Equal(3u, array.Length);
        Assert.Equal([1.0, 3.0], array);
        Assert.False(array.HasElement(1));
        Assert.Same(JsUndefined.Value, array[1]);
        Assert.Equal(2.0, Assert.IsType<JsArray>(Frames.Read("ff0f410149022201704904240101")).Properties["p"]);
    }

    [Fact]
    public void WhatIsTheSameObject_IsTheSameObject()
    {
        var self = Assert.IsType<JsObject>(Frames.Read("ff0f6f220473656c665e007b01"));
        Assert.Same(self, self["self"]);
        var dates = Assert.IsType<JsArray>(Frames.Read("ff0f41024400000000000000005e01240002"));
        Assert.Same(dates[0], dates[1]);
        var buffers = Assert.IsType<JsArray>(Frames.Read("ff0f41025c000a005c000a00240002"));
        Assert.NotSame(buffers[0], buffers[1]);
        var error = Assert.IsType<JsError>(Frames.Read("ff0f726d22017873220153635e002e"));
        Assert.Same(error, error.Cause);
    }

    [Fact]
    public void Errors_OfNode20AndNode24_AreTheSame()
    {
        foreach (var hex in new[] { "ff0f72546d22016d636f22016149027b0173220253542e", "ff0f72546d22016d7322025354636f22016149027b012e" })
        {
            var error = Assert.IsType<JsError>(Frames.Read(hex));
            Assert.Equal(("TypeError", "m", "ST"), (error.Name, error.Message, error.Stack));
            Assert.Equal(1.0, Assert.IsType<JsObject>(error.Cause)["a"]);
        }
    }

    [Fact]
    public void Bytes_AreByKind()
    {
        Assert.Equal("buf"u8.ToArray(), Assert.IsType<byte[]>(Frames.Read("ff0f5c000a03627566")));
        Assert.Equal([1.5], Assert.IsType<double[]>(Frames.Read("ff0f5c000808000000000000f83f")));
        Assert.Equal([(Half)1], Assert.IsType<Half[]>(Frames.Read("ff0f5c000d02003c")));
        Assert.Equal(JsBytesKind.DataView, Assert.IsType<JsBytes>(Frames.Read("ff0f5c0009020000")).Kind);
        Assert.Equal(JsBytesKind.ArrayBuffer, Assert.IsType<JsBytes>(Frames.Read("ff0f7e02080000")).Kind);
        Assert.Equal([2, 3], Assert.IsType<JsBytes>(Frames.Read("ff0f4204010203045642010200")).Bytes);
        Assert.Equal([2, 3], Assert.IsType<JsBytes>(Frames.Read("ff0d42040102030456420102")).Bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ff")]
    [InlineData("ff0f")]
    [InlineData("300f30")]
    [InlineData("ff0c30")]
    [InlineData("ff1030")]
    [InlineData("ff0f3030")]
    [InlineData("ff0f2205616263")]
    [InlineData("ff0f6303616263")]
    [InlineData("ff0f49ffffffffff0f")]
    [InlineData("ff0f49ffffffff1f")]
    [InlineData("ff0f5e00")]
    [InlineData("ff0f6f5e017b01")]
    [InlineData("ff0f6f2201614902")]
    [InlineData("ff0f6f22016149027b02")]
    [InlineData("ff0f6f547b01")]
    [InlineData("ff0f41ffffffff0f")]
    [InlineData("ff0f4101490224000a")]
    [InlineData("ff0f42ffffffff0f00")]
    [InlineData("ff0f5affffffff0f00")]
    [InlineData("ff0f5c02")]
    [InlineData("ff0f5c000e0100")]
    [InlineData("ff0f5c0008070000000000f83f")]
    [InlineData("ff0f3b49023a01")]
    [InlineData("ff0f2749022c02")]
    [InlineData("ff0f7258")]
    [InlineData("ff0f72")]
    [InlineData("ff0f52220178ffff03")]
    [InlineData("ff0f7e03020000")]
    [InlineData("ff0f21")]
    public void WhatIsNoFrame_IsNotRead(string hex)
        => Assert.Throws<InvalidDataException>(() =>
        {
            var bytes = Frames.Bytes(hex);
            var format = ValueFormat.ReadHeader(bytes, out var head);
            FrameHeader.Read(bytes.AsSpan(head), format);
        });

    [Theory]
    [InlineData("ff0f7500")]
    [InlineData("ff0f7700")]
    [InlineData("ff0f6d02")]
    [InlineData("ff0f7000")]
    [InlineData("ff0f7400")]
    [InlineData("ff0f44000000000000f87f")]
    [InlineData("ff0f440000dcc208b23e43")]
    public void WhatHasNoCounterpart_IsRefusedWhenItIsRead_AndNotBefore(string hex)
    {
        var bytes = Frames.Bytes(hex);
        FrameHeader.Read(bytes.AsSpan(2), new ValueFormat(15, 0));
        Assert.Throws<NotSupportedException>(() => Frames.Read(hex));
        Assert.Throws<NotSupportedException>(() => Frames.Json(hex));
    }

    [Fact]
    public void Depth_IsBounded()
    {
        object? value = null;
        for (var i = 0; i < 4000; i++)
        {
            value = new JsArray { value };
        }

        var frame = Frames.Write(value);
        FrameHeader.Read(frame.AsSpan(2), new ValueFormat(15, 0));
        Assert.IsType<JsArray>(ValueReader.Read(frame.AsSpan(2), new ValueFormat(15, 0)));
        var deep = Enumerable.Repeat((byte)'\'', 10_000_000).ToArray();
        Assert.Throws<InvalidDataException>(() => FrameHeader.Read(deep, new ValueFormat(15, 0)));
        Assert.Throws<NotSupportedException>(() => Frames.Write(Enumerable.Range(0, 5000).Aggregate((object?)null, (inner, _) => new JsArray { inner })));
    }

    [Fact]
    public void Lengths_AllocateNothing()
    {
        // An array of four billion holes, a Map of nothing, a buffer that is not there.
        var holes = Frames.Bytes("ff0f61feffffff0f4000feffffff0f");
        var before = GC.GetAllocatedBytesForCurrentThread();
        ValueReader.Read(holes.AsSpan(2), new ValueFormat(15, 0));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
        Assert.Throws<NotSupportedException>(() => Frames.Json("ff0f61feffffff0f4000feffffff0f"));
    }

    [Fact]
    public void Checking_AllocatesNothing()
    {
        var frame = Frames.Bytes(Frames.OfNode[1].Hex);
        FrameHeader.Read(frame.AsSpan(2), new ValueFormat(15, 0));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var header = FrameHeader.Read(frame.AsSpan(2), new ValueFormat(15, 0));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(NodeCommand.Cluster, header.Command);
    }

    [Fact]
    public void AMessageInsideAHandle_RefersToItselfAlone()
    {
        var shared = new JsObject { ["a"] = 1 };
        var frame = Frames.Write(new JsObject
        {
            ["cmd"] = "NODE_HANDLE",
            ["before"] = new JsArray { new JsObject() },
            ["type"] = "net.Socket",
            ["msg"] = new JsArray { shared, shared },
        }).AsSpan(2);
        var header = FrameHeader.Read(frame, new ValueFormat(15, 0));
        Assert.Equal(("NODE_HANDLE", "net.Socket"), (header.Command, header.HandleType));
        var inner = frame[header.Inner];
        FrameHeader.Read(inner, header.InnerFormat);
        var message = Assert.IsType<JsArray>(ValueReader.Read(inner, header.InnerFormat));
        Assert.Same(message[0], message[1]);
        Assert.Equal("[{\"a\":1},{\"a\":1}]", System.Text.Encoding.UTF8.GetString(ValueToJson.Convert(inner, header.InnerFormat)));
    }
}
