using System.Text;
using Prefork.Loop;
using Prefork.Native;
using Prefork.Values;
using Prefork.Wire;

namespace Prefork.Tests.Wire;

/// <summary>A channel on one end of a real socket pair, and raw bytes on the other.</summary>
[Collection(nameof(MeasuresMemory))]
public sealed class ChannelTests : IDisposable
{
    private readonly EventLoop _loop = new("test loop");
    private readonly Peer _peer = new();
    private readonly Channel _channel;
    private readonly FileDescriptor _other;

    public ChannelTests()
    {
        var (ours, other) = SocketPair.Stream();
        _other = other;
        _channel = new Channel(_loop, ours, _peer, maxMessageSize: 1_000_000, "the channel under test", holdBack: true) { MostBehindHandle = 5_000_000 };
        _loop.Invoke(() =>
        {
            _channel.Open();
            return 0;
        });
    }

    [Fact]
    public async Task Read_LinesInPieces_AreDeliveredWhole()
    {
        foreach (var part in new[] { "{\"a\"", ":\"", "\u00e9" })
        {
            Write(Encoding.UTF8.GetBytes(part));
        }

        Write("\"}\n1\n\"two\"\n"u8);
        Assert.Equal("{\"a\":\"\u00e9\"}", await _peer.NextAsync());
        Assert.Equal("1", await _peer.NextAsync());
        Assert.Equal("\"two\"", await _peer.NextAsync());
    }

    [Fact]
    public async Task Read_Handle_IsAnsweredOnce_AndDelivered()
    {
        using var sample = SocketPair.Stream().First;
        DescriptorMessage.Send(_other.Number, "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":\"m\"}\n"u8, [sample.Number]);
        Assert.Equal("\"m\" net.Socket handle", await _peer.NextAsync());
        Assert.Equal("{\"cmd\":\"NODE_HANDLE_ACK\"}\n", await ReadAsync(1));
    }

    [Fact]
    public async Task Read_HandleWithoutDescriptor_IsDeclined_AndNotDelivered()
    {
        Write("{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":\"m\"}\n\"next\"\n"u8);
        Assert.Equal("\"next\"", await _peer.NextAsync());
        Assert.Equal("{\"cmd\":\"NODE_HANDLE_NACK\"}\n", await ReadAsync(1));
    }

    [Fact]
    public async Task Read_HandleWrappedTwice_IsAnsweredOnce()
    {
        // What Node sends again after a NACK.
        using var sample = SocketPair.Stream().First;
        DescriptorMessage.Send(
            _other.Number,
            "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Native\",\"msg\":{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":\"m\"}}\n\"next\"\n"u8,
            [sample.Number]);
        Assert.Equal("\"m\" net.Socket handle", await _peer.NextAsync());
        Assert.Equal("\"next\"", await _peer.NextAsync());
        await _channel.SendAsync("\"end\"\n"u8);
        Assert.Equal("{\"cmd\":\"NODE_HANDLE_ACK\"}\n\"end\"\n", await ReadAsync(2));
    }

    [Fact]
    public async Task Send_LargerThanThePeerTakes_IsRefused_WithItsDescriptor_AndTheChannelLives()
    {
        var (ours, other) = SocketPair.Stream();
        using var peer = other;
        var channel = new Channel(_loop, ours, _peer, 1000, "the channel") { MaxSentSize = 10 };
        _loop.Invoke(() =>
        {
            channel.Open();
            return 0;
        });
        var (handle, _) = SocketPair.Stream();
        var exception = Assert.Throws<ArgumentException>(() => { _ = channel.SendAsync("\"123456789\"\n"u8, handle); });
        Assert.Contains("11 bytes", exception.Message, StringComparison.Ordinal);
        Assert.Contains("takes 10", exception.Message, StringComparison.Ordinal);
        Assert.True(handle.IsClosed);
        await channel.SendAsync("\"12345678\"\n"u8);
        Assert.True(channel.IsConnected);
        DescriptorMessage.Send(other.Number, "\"still\"\n"u8, []);
        Assert.Equal("\"still\"", await _peer.NextAsync());
    }

    [Fact]
    public async Task Send_BehindAHandle_WaitsForItsAnswer_AnswersDoNot()
    {
        var sample = SocketPair.Stream().First;
        await _channel.SendAsync("{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1}\n"u8, sample);
        var later = _channel.SendAsync("\"later\"\n"u8).AsTask();
        Write("{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":2}\n\"seen\"\n"u8);
        Assert.Equal("\"seen\"", await _peer.NextAsync());
        Assert.False(later.IsCompleted);
        Assert.Equal("{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1}\n{\"cmd\":\"NODE_HANDLE_NACK\"}\n", await ReadAsync(2));
        Write("{\"cmd\":\"NODE_HANDLE_ACK\"}\n"u8);
        Assert.Equal("\"later\"\n", await ReadAsync(1));
        await later;
    }

    [Fact]
    public async Task Send_MuchBehindAHandle_ItsAnswerIsReadAllTheSame()
    {
        var big = Encoding.UTF8.GetBytes($"\"{new string('x', 900_000)}\"\n");
        var handle = "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1}\n";
        var sent = new List<Task>
        {
            _channel.SendAsync(big).AsTask(),
            _channel.SendAsync(Encoding.UTF8.GetBytes(handle), SocketPair.Stream().First).AsTask(),
            _channel.SendAsync(big).AsTask(),
            _channel.SendAsync(big).AsTask(),
        };

        // The peer is held back: it has read nothing of all that.
        Assert.EndsWith(handle, await ReadAsync(2), StringComparison.Ordinal);
        Write("{\"cmd\":\"NODE_HANDLE_ACK\"}\n"u8);
        Assert.Equal(2 * big.Length, (await ReadAsync(2)).Length);
        await Task.WhenAll(sent);
    }

    [Fact]
    public async Task Send_BehindAHandleThatIsNeverAnswered_IsBounded()
    {
        var big = Encoding.UTF8.GetBytes($"\"{new string('x', 900_000)}\"\n");
        await _channel.SendAsync("{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1}\n"u8, SocketPair.Stream().First);
        var waiting = Enumerable.Range(0, 6).Select(_ => _channel.SendAsync(big).AsTask()).ToList();
        Write("\"said\"\n"u8);
        Assert.Equal("\"said\"", await _peer.NextAsync());
        Assert.Equal("closed ClusterProtocolException", await _peer.NextAsync());
        await Assert.ThrowsAsync<ClusterChannelClosedException>(() => waiting[0]);
    }

    [Fact]
    public async Task Send_AnswersThatAreNotRead_TakeNoMoreThanTheyAre()
    {
        await _channel.SendAsync("{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1}\n"u8, SocketPair.Stream().First);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        // Each of these is answered by a line of 27 bytes.
        var lines = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"cmd\":\"NODE_HANDLE\"}\n", 1_000)));
        for (var i = 0; i < 170; i++)
        {
            await WriteAllAsync(lines);
        }

        await WriteAllAsync("\"said\"\n"u8.ToArray());
        Assert.Equal("\"said\"", await _peer.NextAsync());
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < 20_000_000, $"170,000 answers of 27 bytes take {grown} bytes.");
    }

    [Fact]
    public async Task Send_ToAPeerThatHasShutDownItsReading_ClosesTheChannel()
    {
        _ = Libc.Shutdown(_other.Number, Linux.SHUT_RD);
        Write("\"said\"\n"u8);
        await Assert.ThrowsAsync<ClusterChannelClosedException>(() => _channel.SendAsync("1\n"u8).AsTask());
        Assert.Equal("\"said\"", await _peer.NextAsync());
        Assert.Equal("closed ", await _peer.NextAsync());

        // And it cannot go on talking.
        Assert.True(DescriptorMessage.Send(_other.Number, "\"more\"\n"u8, []) < 0);
    }

    [Fact]
    public async Task Send_ToAPeerThatHasClosed_IsNoOffence()
    {
        Write("\"said\"\n"u8);
        _other.Dispose();
        try
        {
            await _channel.SendAsync("1\n"u8);
        }
        catch (ClusterChannelClosedException)
        {
            // The loop was faster, or not: either way.
        }

        Assert.Equal("\"said\"", await _peer.NextAsync());
        Assert.Equal("closed ", await _peer.NextAsync());
    }

    [Fact]
    public async Task Read_HandleWrappedOnAndOn_ClosesTheChannel()
    {
        using var sample = SocketPair.Stream().First;
        var line = "1";
        for (var i = 0; i < 5; i++)
        {
            line = $"{{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":{line}}}";
        }

        DescriptorMessage.Send(_other.Number, Encoding.UTF8.GetBytes(line + "\n"), [sample.Number]);
        Assert.Equal("closed ClusterProtocolException", await _peer.NextAsync());
    }

    [Fact]
    public async Task Send_HandleDeclined_IsSentAgainForAWhile_ThenItsOwnerIsTold()
    {
        var line = "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1}\n";
        var refused = new TaskCompletionSource();
        _channel.Send(Encoding.UTF8.GetBytes(line), SocketPair.Stream().First, onRefused: refused.SetResult);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(line, await ReadAsync(1));
            Write("{\"cmd\":\"NODE_HANDLE_NACK\"}\n"u8);
        }

        await refused.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await _channel.SendAsync("\"goes on\"\n"u8);
        Assert.Equal("\"goes on\"\n", await ReadAsync(1));
    }

    [Fact]
    public async Task Send_MoreThanTheKernelTakes_WaitsAndKeepsOrder()
    {
        var big = Encoding.UTF8.GetBytes($"\"{new string('x', 900_000)}\"\n");
        var first = _channel.SendAsync(big).AsTask();
        var second = _channel.SendAsync("\"second\"\n"u8).AsTask();
        Assert.False(first.IsCompleted);
        var read = await ReadAsync(2);
        Assert.EndsWith("\"\n\"second\"\n", read, StringComparison.Ordinal);
        Assert.Equal(big.Length + 9, read.Length);
        await Task.WhenAll(first, second);
    }

    [Fact]
    public async Task Send_CancelledWhileItWaits_IsNotSent()
    {
        var big = _channel.SendAsync(Encoding.UTF8.GetBytes($"\"{new string('x', 900_000)}\"\n")).AsTask();
        using var cancellation = new CancellationTokenSource();
        var cancelled = _channel.SendAsync("\"cancelled\"\n"u8, cancellation: cancellation.Token).AsTask();
        var after = _channel.SendAsync("\"after\"\n"u8).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.EndsWith("x\"\n\"after\"\n", await ReadAsync(2), StringComparison.Ordinal);
        await Task.WhenAll(big, after);
    }

    [Fact]
    public async Task Close_ByThePeer_FailsWhatWaits_AndIsToldOnce()
    {
        var waiting = _channel.SendAsync(Encoding.UTF8.GetBytes($"\"{new string('x', 900_000)}\"\n")).AsTask();
        _other.Dispose();
        await Assert.ThrowsAsync<ClusterChannelClosedException>(() => waiting);
        Assert.Equal("closed ", await _peer.NextAsync());
        await Assert.ThrowsAsync<ClusterChannelClosedException>(() => _channel.SendAsync("1\n"u8).AsTask());
        Assert.False(_channel.IsConnected);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("{]\n")]
    [InlineData("{} {}\n")]
    public async Task Read_WhatIsNoJson_ClosesTheChannel(string text)
    {
        Write(Encoding.UTF8.GetBytes(text));
        Assert.Equal("closed ClusterProtocolException", await _peer.NextAsync());
    }

    public void Dispose()
    {
        _loop.Invoke(() =>
        {
            _channel.Close(null);
            return 0;
        });
        _other.Dispose();
        _loop.Dispose();
    }

    private void Write(ReadOnlySpan<byte> data) => Assert.Equal(data.Length, DescriptorMessage.Send(_other.Number, data, []));

    /// <summary>More than the kernel takes at once.</summary>
    private async Task WriteAllAsync(ReadOnlyMemory<byte> data)
    {
        while (!data.IsEmpty)
        {
            data = data[Math.Max(0, DescriptorMessage.Send(_other.Number, data.Span, []))..];
            await Task.Yield();
        }
    }

    /// <summary>Reads so many lines from the raw end.</summary>
    private async Task<string> ReadAsync(int lines)
    {
        var text = new StringBuilder();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (text.ToString().Count(character => character == '\n') < lines)
        {
            timeout.Token.ThrowIfCancellationRequested();
            text.Append(ReadSome());
            await Task.Yield();
        }

        return text.ToString();
    }

    private string ReadSome()
    {
        var buffer = new byte[65536];
        Span<int> descriptors = stackalloc int[4];
        var count = DescriptorMessage.Receive(_other.Number, buffer, descriptors, out var received, out _);
        foreach (var descriptor in descriptors[..received])
        {
            _ = Libc.Close(descriptor);
        }

        return count > 0 ? Encoding.UTF8.GetString(buffer, 0, count) : "";
    }

    private sealed class Peer : IChannelPeer
    {
        private readonly System.Threading.Channels.Channel<string> _seen = System.Threading.Channels.Channel.CreateUnbounded<string>();

        public void OnMessage(string? command, ReadOnlySpan<byte> body, ValueFormat format, FileDescriptor? handle, string? handleType)
        {
            _seen.Writer.TryWrite(Encoding.UTF8.GetString(body) + (handle is null ? "" : $" {handleType} handle"));
            handle?.Dispose();
        }

        public void OnClosed(Exception? reason) => _seen.Writer.TryWrite($"closed {reason?.GetType().Name}");

        internal async Task<string> NextAsync() => await _seen.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));
    }
}
