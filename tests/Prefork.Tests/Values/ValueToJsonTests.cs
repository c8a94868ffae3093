using System.Numerics;
using Prefork.Values;

namespace Prefork.Tests.Values;

public class ValueToJsonTests
{
    public static TheoryData<object?, string> Values => new()
    {
        { JsUndefined.Value, "null" },
        { new JsObject { ["a"] = JsUndefined.Value, ["b"] = null }, "{\"b\":null}" },
        { 1e15, "1000000000000000" },
        { 1812522350097438208.0, "1812522350097438208" },
        { Math.Pow(2, 64), "18446744073709551616" },
        { 1e21, "1E+21" },
        { 1.5e300, "1.5E+300" },
        { -0.0, "-0" },
        { new JsArray { double.NaN, double.PositiveInfinity }, "[\"NaN\",\"Infinity\"]" },
        { BigInteger.Pow(2, 70), "1180591620717411303424" },
        { DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123), "\"2023-11-14T22:13:20.123Z\"" },
        { new byte[] { 1, 2, 3 }, "\"AQID\"" },
        { new JsBytes(JsBytesKind.ArrayBuffer, [1, 2, 3]), "\"AQID\"" },
        { new short[] { -1, 2 }, "[-1,2]" },
        { new[] { 0.1f }, "[0.1]" },
        { new[] { ulong.MaxValue }, "[18446744073709551615]" },
        { new JsMap { ["a"] = 1, [2] = 3 }, "{\"a\":1,\"2\":3}" },
        { new JsSet { 1, "x" }, "[1,\"x\"]" },
        { new JsArray { [0] = 1, [2] = 3, [4] = 5 }, "[1,null,3,null,5]" },
        { new JsRegExp("a/b", "g"), "\"/a/b/g\"" },
        { new JsError { Name = "TypeError", Message = "m", Cause = 1 }, "{\"message\":\"m\",\"cause\":1,\"name\":\"TypeError\"}" },
        { new JsArray { new JsBox("s"), new JsBox(5), new JsBox(true), new JsBox(BigInteger.One) }, "[\"s\",5,true,1]" },
        { "h\u00e9 \u20ac \"\n", "\"h\u00e9 \u20ac \\\"\\n\"" },
        { "\ud800x", "\"\\uFFFDx\"" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void AValue_IsTheJsonOfItsCounterpart(object? value, string json)
        => Assert.Equal(json, Frames.Json(Convert.ToHexString(Frames.Write(value))));

    [Fact]
    public void WhatIsThereTwice_IsWrittenTwice()
    {
        var shared = new JsObject { ["list"] = new JsArray { 1, new byte[] { 1 } } };
        Assert.Equal(
            "{\"a\":{\"list\":[1,\"AQ==\"]},\"b\":[{\"list\":[1,\"AQ==\"]}],\"c\":[1,\"AQ==\"]}",
            Frames.Json(Convert.ToHexString(Frames.Write(new JsObject { ["a"] = shared, ["b"] = new JsArray { shared }, ["c"] = shared["list"] }))));
    }

    [Fact]
    public void ACycle_IsSaid()
    {
        var self = new JsObject();
        self["inner"] = new JsArray { self };
        Assert.Throws<NotSupportedException>(() => Frames.Json(Convert.ToHexString(Frames.Write(self))));
        Assert.Throws<NotSupportedException>(() => Frames.Json(Convert.ToHexString(Frames.Write(new JsMap { [self] = 1 }))));
    }

    [Fact]
    public void AFewBytesThatStandForMany_AreRefused()
    {
        // Each level has the one below it twice: thirty levels are a thousand million.
        var value = new JsArray { "x" };
        for (var i = 0; i < 30; i++)
        {
            value = [value, value];
        }

        Assert.Throws<NotSupportedException>(() => Frames.Json(Convert.ToHexString(Frames.Write(value))));
        var hidden = new JsArray();
        hidden.Properties["not in JSON"] = new string('x', 10_000_000);
        var many = new JsArray(Enumerable.Repeat<object?>(hidden, 100_000));
        Assert.Throws<NotSupportedException>(() => Frames.Json(Convert.ToHexString(Frames.Write(many))));
    }
}
