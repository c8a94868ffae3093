using System.Text;
using System.Text.Json;
using CsCheck;
using Prefork.Loop;
using Prefork.Native;
using Prefork.Tests.Values;
using Prefork.Values;
using Prefork.Wire;
using Channel = Prefork.Wire.Channel;

namespace Prefork.Tests.Wire;

/// <summary>Both formats of the channel, fed with streams that are nearly right, in pieces: whatever comes, it ends by closing.</summary>
public class ChannelFuzzTests
{
    private static readonly byte[][] Lines =
    [
        .. new[]
        {
            "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"online\",\"seq\":0,\"prefork\":{\"version\":1}}",
            "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"queryServer\",\"index\":0,\"data\":null,\"address\":\"127.0.0.1\",\"port\":0,\"addressType\":4,\"flags\":0,\"backlog\":0,\"seq\":1}",
            "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":{\"hello\":[1,2.5e3,\"\\u20ac\",null,true]},\"key\":\"k\"}",
            "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\",\"msg\":{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":\"m\"}}",
            "{\"cmd\":\"NODE_PREFORK\",\"act\":\"request\",\"id\":1,\"name\":\"n\",\"body\":{}}",
            "{\"cmd\":\"NODE_HANDLE_ACK\"}",
            "\"text h\u00e9\"",
            "[[[[1,2],3]],{\"a\":{\"b\":{}}}]",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[][] Bodies = [.. Frames.OfNode.Select(frame => Frames.Bytes(frame.Hex)), .. Lines.Select(line => Frames.FromJson(Encoding.UTF8.GetString(line)))];

    [Fact]
    public void AnyLine_IsReadOrRefused() => Fuzzing.Mutated(Lines).Check(
        static line =>
        {
            try
            {
                var header = MessageHeader.Read(line);
                Read(header.Command, line);
            }
            catch (JsonException)
            {
                // Refused, which is what is asked.
            }
        },
        rounds: 60_000,
        Fuzzing.Text);

    [Fact]
    public void AnyStreamOfLines_EndsByClosing()
        => Stream(Fuzzing.Mutated(Lines).Select(static line => (byte[])[.. line, (byte)'\n'])).Check(stream => Feed(stream, ChannelSerialization.Json), rounds: 400, Print);

    [Fact]
    public void AnyStreamOfFrames_EndsByClosing()
        => Stream(Gen.Select(Fuzzing.Mutated(Bodies), Gen.Int[0, 40]).Select(static (body, wrong) => (byte[])[.. Head(body, wrong), .. body]))
            .Check(stream => Feed(stream, ChannelSerialization.Advanced), rounds: 400, Print);

    /// <summary>The length, seldom a wrong one.</summary>
    private static byte[] Head(byte[] body, int wrong)
    {
        var length = wrong switch { 0 => body.Length + 1, 1 => int.MaxValue, 2 => -1, 3 => Math.Max(0, body.Length - 1), _ => body.Length };
        return [(byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length];
    }

    private static Gen<(byte[] Bytes, int Piece)> Stream(Gen<byte[]> message)
        => Gen.Select(message.Array[1, 6], Gen.OneOf(1, 3, 7, 100, 100_000)).Select(static (messages, piece) => (messages.SelectMany(part => part).ToArray(), piece));

    private static string Print((byte[] Bytes, int Piece) stream) => $"in pieces of {stream.Piece}: {Fuzzing.Hex(stream.Bytes)}";

    private static void Feed((byte[] Bytes, int Piece) stream, ChannelSerialization serialization)
    {
        var (ours, other) = SocketPair.Stream();
        using var loop = new EventLoop("fuzz loop");
        var peer = new Peer();
        var channel = new Channel(loop, ours, peer, maxMessageSize: 100_000, "the channel under test", serialization: serialization);
        loop.Invoke(() =>
        {
            channel.Open();
            return 0;
        });
        for (var at = 0; at < stream.Bytes.Length && channel.IsConnected; at += stream.Piece)
        {
            DescriptorMessage.Send(other.Number, stream.Bytes.AsSpan(at, Math.Min(stream.Piece, stream.Bytes.Length - at)), []);
        }

        other.Dispose();
        var reason = peer.Closed.Task.WaitAsync(TimeSpan.FromSeconds(20)).GetAwaiter().GetResult();
        Assert.True(reason is null or ClusterProtocolException or IOException, $"{reason}");
    }

    /// <summary>As the roles read what is theirs.</summary>
    private static void Read(string? command, ReadOnlySpan<byte> body)
    {
        switch (command)
        {
            case NodeCommand.Cluster:
                ClusterFrame.Read(body);
                break;
            case NodeCommand.Prefork:
                JsonSerializer.Deserialize(body, FrameJsonContext.Default.PreforkFrame);
                break;
        }
    }

    private sealed class Peer : IChannelPeer
    {
        internal TaskCompletionSource<Exception?> Closed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void OnMessage(string? command, ReadOnlySpan<byte> body, ValueFormat format, FileDescriptor? handle, string? handleType)
        {
            handle?.Dispose();
            Read(command, body);
        }

        public void OnClosed(Exception? reason) => Closed.TrySetResult(reason);
    }
}
