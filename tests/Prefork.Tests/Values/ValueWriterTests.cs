using System.Numerics;
using Prefork.Values;

namespace Prefork.Tests.Values;

public class ValueWriterTests
{
    public static TheoryData<string> AsNodeWritesThem =>
        [.. Frames.OfNode.Where(frame => frame.JavaScript is not "new Date(NaN)" and not "a resizable ArrayBuffer" and not "new Array(3).fill(0)"
            and not "new TypeError('m', { cause: { a: 1 } })" and not "[ab, new Uint8Array(ab, 1, 2), ab]"
            && !frame.JavaScript.StartsWith("a view", StringComparison.Ordinal)).Select(frame => frame.Hex)];

    [Theory]
    [MemberData(nameof(AsNodeWritesThem))]
    public void WhatIsReadFromNode_IsWrittenAsNodeDoes(string hex)
        => Assert.Equal(hex, Convert.ToHexStringLower(Frames.Write(Frames.Read(hex))));

    [Theory]
    [InlineData("{\"cmd\":\"NODE_CLUSTER\",\"act\":\"online\",\"seq\":0}", "ff0f6f2203636d64220c4e4f44455f434c5553544552220361637422066f6e6c696e65220373657149007b03")]
    [InlineData("[1,-5,2147483648,1.5,-0,1e400]", "ff0f4106490249094e000000000000e0414e000000000000f83f4e00000000000000804e000000000000f07f240006")]
    [InlineData("\"\\u20ac\"", "ff0f6302ac20")]
    [InlineData("\"\\ud800x\"", "ff0f630400d87800")]
    [InlineData("[\"x\\u00e9\\n\"]", "ff0f4101220378e90a240001")]
    [InlineData("{\"7\":true,\"07\":false,\"n\":null}", "ff0f6f490e54220230374622016e307b03")]
    [InlineData("9007199254740992", "ff0f4e0000000000004043")]
    [InlineData("9007199254740993", "ff0f5a100100000000002000")]
    [InlineData("[[],{}]", "ff0f41024100240000" + "6f7b00240002")]
    public void Json_IsWrittenAsIfNodeHadParsedIt(string json, string expected)
        => Assert.Equal(expected, Convert.ToHexStringLower(Frames.FromJson(json)));

    [Fact]
    public void ALongArrayOfJson_HasItsLength()
    {
        var json = $"[{string.Join(',', Enumerable.Range(0, 20000).Select(i => $"[{i}]"))}]";
        Assert.Equal(json, Frames.Json(Convert.ToHexStringLower(Frames.FromJson(json))));
    }

    [Fact]
    public void DotNetsOwnTypes_AreWritten()
    {
        var when = new DateTime(2024, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        var values = new Dictionary<string, object?>
        {
            ["int"] = 1,
            ["long"] = 1L << 50,
            ["byte"] = (byte)2,
            ["float"] = 0.5f,
            ["half"] = (Half)0.5,
            ["ulong"] = 3UL,
            ["list"] = new List<object?> { 1, null },
            ["array"] = new[] { "a", "b" },
            ["when"] = when,
            ["sbytes"] = new sbyte[] { -1 },
        };
        var read = Assert.IsType<JsObject>(Frames.Read(Convert.ToHexString(Frames.Write(values))));
        Assert.Equal([1.0, (double)(1L << 50), 2.0, 0.5, 0.5, 3.0], read.Values.Take(6));
        Assert.Equal([1.0, null], Assert.IsType<JsArray>(read["list"]));
        Assert.Equal(["a", "b"], Assert.IsType<JsArray>(read["array"]));
        Assert.Equal(when, Assert.IsType<DateTimeOffset>(read["when"]).UtcDateTime);
        Assert.Equal([-1], Assert.IsType<sbyte[]>(read["sbytes"]));
    }

    [Fact]
    public void WhatJavaScriptHasNothingFor_IsNamed()
    {
        Assert.Contains("System.Uri", Assert.Throws<NotSupportedException>(() => Frames.Write(new JsArray { new Uri("http://localhost") })).Message, StringComparison.Ordinal);
        Assert.Contains("2^53", Assert.Throws<NotSupportedException>(() => Frames.Write(long.MaxValue)).Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => Frames.Write(1.5m));
        Assert.Throws<NotSupportedException>(() => Frames.Write(new JsRegExp("a", "q")));
        Assert.Throws<NotSupportedException>(() => Frames.Write(new JsBox(new object())));
    }

    [Fact]
    public void AMapsKeys_AreComparedAsJavaScriptDoes()
    {
        var key = new JsObject();
        var map = new JsMap { [1] = "int", [double.NaN] = "nan", [null] = "null", [key] = "object", [BigInteger.One] = "big", ["1"] = "text" };
        map[1L] = "one";
        map[double.NaN] = "still nan";
        map[-0.0] = "zero";
        Assert.Equal(7, map.Count);
        Assert.Equal("one", map[1.0]);
        Assert.Equal("zero", map[0]);
        Assert.True(map.TryGetValue(key, out _));
        Assert.False(map.TryGetValue(new JsObject(), out _));
        Assert.True(map.Remove(null));
        var set = new JsSet { 1, 1.0, "1", JsUndefined.Value, null };
        Assert.Equal(4, set.Count);
    }

    [Fact]
    public void AnArray_GrowsAndShrinks()
    {
        var array = new JsArray { "a", "b" };
        array[5] = "f";
        array[2] = "c";
        array[4] = "e";
        array[3] = "d";
        Assert.Equal(["a", "b", "c", "d", "e", "f"], array);
        Assert.Equal(6u, array.Length);
        array.Length = 3;
        Assert.Equal(["a", "b", "c"], array);
        array.Length = 10;
        array.Add("k");
        Assert.Equal(11u, array.Length);
        Assert.Equal(4, array.Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => array[uint.MaxValue] = 1);
    }
}
