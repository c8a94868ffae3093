using System.Buffers.Binary;
using System.Numerics;
using Prefork;
using Prefork.Native;
using Prefork.Values;

namespace ConformanceApp.Channels;

/// <summary>On a channel of the binary serialisation.</summary>
internal abstract class AdvancedScenario : Scenario
{
    protected static WorkerProcess Fork(Signal? end = null)
    {
        Cluster.SetupPrimary(settings => settings.Serialization = ChannelSerialization.Advanced);
        var worker = Cluster.Fork();
        worker.Error += Must.Never<WorkerErrorEventArgs>("error");
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal((end is null ? 0 : null, end), (e.Exit.Code, e.Exit.Signal)));
        return worker;
    }

    /// <summary>The worker that the simplest of these tests have: what it gets it sends back.</summary>
    protected static Task EchoAsync()
    {
        Cluster.Worker!.MessageReceived += async (_, e) => await Cluster.Worker.SendValueAsync(e.Message.GetValue());
        return Cluster.Worker.WaitForDisconnectAsync();
    }
}

/// <summary>An object that contains itself comes back so.</summary>
[NodeTest("test-cluster-advanced-serialization")]
internal sealed class ClusterAdvanced : AdvancedScenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Fork(Signal.SIGTERM);
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e =>
        {
            var circular = (JsObject)e.Message.GetValue()!;
            Check.Equal("circular", circular.Keys.Single());
            Check.True(circular["circular"] == circular);
            worker.Kill();
        });
        await worker.WaitForOnlineAsync().WithinPatience();
        var sent = new JsObject();
        sent["circular"] = sent;
        await worker.SendValueAsync(sent);
    }

    internal override Task WorkerAsync() => EchoAsync();
}

/// <summary>A serialisation that there is not is refused, and what JSON cannot say comes back as it went.</summary>
[NodeTest("test-child-process-advanced-serialization")]
internal sealed class AdvancedValues : AdvancedScenario
{
    internal override async Task PrimaryAsync()
    {
        Check.Throws<ArgumentOutOfRangeException>(() => Cluster.SetupPrimary(settings => settings.Serialization = (ChannelSerialization)42));
        var worker = Fork();
        var messages = System.Threading.Channels.Channel.CreateUnbounded<object?>();
        worker.MessageReceived += (_, e) => messages.Writer.TryWrite(e.Message.GetValue());

        async Task<object?> EchoOfAsync(object value)
        {
            await worker.SendValueAsync(value);
            return await messages.Reader.ReadAsync().AsTask().WithinPatience();
        }

        async Task<object?> MemberAsync(string name, object value) => ((JsObject)(await EchoOfAsync(new JsObject { [name] = value }))!)[name];

        var bytes = (JsBytes)(await MemberAsync("uint8", new JsBytes(JsBytesKind.Uint8Array, new byte[4])))!;
        Check.True(bytes.Kind == JsBytesKind.Uint8Array && bytes.Bytes.SequenceEqual(new byte[4]));
        Check.True(((double[])(await MemberAsync("float64", new[] { Math.PI }))!).SequenceEqual([Math.PI]));
        Check.True(((byte[])(await MemberAsync("buffer", "Hello!"u8.ToArray()))!).AsSpan().SequenceEqual("Hello!"u8));

        // Node's entries are objects, and no pairs: it makes one key of them, undefined.
        var map = (JsMap)(await MemberAsync("map", new JsMap { [JsUndefined.Value] = JsUndefined.Value }))!;
        Check.True(map.Count == 1 && map[JsUndefined.Value] == JsUndefined.Value);
        Check.Equal(new BigInteger(1337), await MemberAsync("bigInt", new BigInteger(1337)));

        var circular = new JsObject();
        circular["circular"] = circular;
        var received = (JsObject)(await EchoOfAsync(circular))!;
        Check.True(received["circular"] == received && received.Count == 1);

        foreach (var (name, message) in new[] { ("Error", "Something went wrong"), ("RangeError", "Something range-y went wrong") })
        {
            var error = (JsError)(await EchoOfAsync(new JsError { Name = name, Message = message, Stack = "here" }))!;
            Check.Equal((name, message, "here"), (error.Name, error.Message, error.Stack));
        }

        worker.Disconnect();
    }

    internal override Task WorkerAsync() => EchoAsync();
}

/// <summary>Messages of eight megabytes each arrive whole, and in their order.</summary>
[NodeTest("test-child-process-advanced-serialization-largebuffer")]
internal sealed class LargeBuffers : AdvancedScenario
{
    private const int Size = 8 * 1024 * 1024;

    internal override Task PrimaryAsync()
    {
        var worker = Fork();
        byte next = 0;
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>(
            "message",
            e =>
            {
                var chunk = (JsBytes)e.Message.GetValue()!;
                Check.True(chunk.Kind == JsBytesKind.Uint8Array && chunk.Bytes.Length == Size);
                Check.True(!chunk.Bytes.AsSpan().ContainsAnyExcept(next), $"all of message {next} is {next}");
                next++;
            },
            times: 4);
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        for (byte i = 0; i < 4; i++)
        {
            var chunk = new byte[Size];
            chunk.AsSpan().Fill(i);
            await Cluster.Worker!.SendValueAsync(new JsBytes(JsBytesKind.Uint8Array, chunk));
        }
    }
}

/// <summary>Messages so long that a reader of 64 KiB gets their length in two parts.</summary>
[NodeTest("test-child-process-advanced-serialization-splitted-length-field")]
internal sealed class SplitLength : AdvancedScenario
{
    private const int Count = 10;
    private const int Size = 65521;

    internal override Task PrimaryAsync()
    {
        Fork().MessageReceived += Must.Handle<WorkerMessageEventArgs>(
            "message", e => Check.Equal(Size, ((byte[])e.Message.GetValue()!).Length), times: Count);
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        for (var i = 0; i < Count; i++)
        {
            await Cluster.Worker!.SendValueAsync(new byte[Size]);
        }
    }
}

/// <summary>Workers that write a length, any length, and end: each ends with 0, and the primary goes on.</summary>
[NodeTest("test-child-process-fork-advanced-header-serialization")]
internal sealed class LengthAlone : Scenario
{
    private static readonly uint[] s_lengths = [0x00000001, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff];

    internal override Task PrimaryAsync()
    {
        Cluster.SetupPrimary(settings => settings.Serialization = ChannelSerialization.Advanced);
        foreach (var length in s_lengths)
        {
            var worker = Cluster.Fork();

            // A worker that ends with something unread resets its channel: what it began is not complained of then. Too long always is.
            var error = length > int.MaxValue / 2 ? Must.Call($"error of {length}") : null;
            worker.Error += (_, e) =>
            {
                Check.True(e.Exception is ClusterProtocolException);
                error?.Hit();
            };
            worker.Exited += Must.Handle<WorkerExitedEventArgs>($"exit of {length}", e => Check.Equal((0, null), (e.Exit.Code, e.Exit.Signal)));
            _ = worker.SendAsync(length).AsTask();
        }

        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        var length = new TaskCompletionSource<uint>(TaskCreationOptions.RunContinuationsAsynchronously);
        Cluster.Worker!.ExitOnDisconnect = false;
        Cluster.Worker.MessageReceived += (_, e) => length.SetResult(e.Message.Get<uint>());
        var written = await length.Task.WithinPatience();

        // Past the library, which never writes half a message.
        var header = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(header, written);
        Check.Equal(header.Length, DescriptorMessage.Send(3, header, []));
    }
}
