using System.Net.Sockets;
using System.Numerics;
using System.Text.Json;
using Prefork;
using Prefork.Values;

namespace ClusterApp;

/// <summary>Messages that are no commands: they go back as they came, as a tree or by way of a type.</summary>
internal static class Values
{
    /// <summary>What a Node peer sends as { typed: true, ... }.</summary>
    internal sealed record Sample(string Name, long Id, double Ratio, DateTimeOffset When, byte[] Data, List<int> Numbers, Dictionary<string, int> Counts, Sample? Next);

    internal delegate ValueTask SendValue(object? value, CancellationToken cancellation = default);

    internal delegate ValueTask SendValueAndSocket(object? value, Socket socket, CancellationToken cancellation = default);

    /// <summary>Whether the message was one; a string is a command.</summary>
    internal static bool TryEcho(ClusterMessage message, SendValue send, SendValueAndSocket sendSocket, Func<Sample, ValueTask> sendTyped)
    {
        try
        {
            switch (message.GetValue())
            {
                case string:
                    return false;
                case JsObject sample when sample.ContainsKey("typed"):
                    Wait(sendTyped(message.Get<Sample>()!));
                    return true;
                case var value:
                    using (var socket = message.TakeSocket())
                    {
                        Wait(socket is null ? send(value) : sendSocket(value, socket));
                    }

                    return true;
            }
        }
        catch (Exception exception) when (exception is NotSupportedException or JsonException or InvalidOperationException)
        {
            Wait(send($"failed {exception.GetType().Name}: {exception.Message}"));
            return true;
        }
    }

    /// <summary>One value of each kind, and one that contains itself.</summary>
    internal static object? Example(string kind)
    {
        if (kind == "bad")
        {
            return new Uri("http://localhost");
        }

        var self = new JsObject
        {
            ["undefined"] = JsUndefined.Value,
            ["null"] = null,
            ["long"] = 1L << 40,
            ["negativeZero"] = -0.0,
            ["text"] = "h\u00e9 \u20ac \ud83d\ude00",
            ["big"] = -BigInteger.Pow(2, 70),
            ["date"] = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123),
            ["regexp"] = new JsRegExp("a+\u20ac", "gi"),
            ["buffer"] = new byte[] { 1, 2, 3 },
            ["view"] = new JsBytes(JsBytesKind.DataView, [4, 5]),
            ["floats"] = new[] { 1.5, -2.5 },
            ["map"] = new JsMap { [1] = "one", [JsUndefined.Value] = new JsSet { "x", double.NaN } },
            ["error"] = new JsError { Name = "TypeError", Message = "m", Stack = "s", Cause = "c" },
            ["box"] = new JsBox("boxed"),
            ["list"] = new List<object?> { 1, "2" },
        };
        self["self"] = self;
        self["sparse"] = new JsArray { [0] = 1, [1000000] = 2 };
        return self;
    }

    private static void Wait(ValueTask sent) => sent.AsTask().GetAwaiter().GetResult();
}
