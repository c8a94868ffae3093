using System.Net.Sockets;
using Prefork.Loop;
using Prefork.Messages;
using Prefork.Native;
using Prefork.Tests.Supervision;
using Prefork.Values;
using Prefork.Wire;
using Channel = Prefork.Wire.Channel;

namespace Prefork.Tests.Messages;

/// <summary>What is kept for a reader that does not come has a number and, where somebody waits at its other end, a time.</summary>
public sealed class KeptMessagesTests : IDisposable, IChannelPeer, IMessengerOwner
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ManualTime _time = new();
    private readonly EventLoop _loop = new("kept messages");
    private readonly Dispatcher _dispatcher;
    private readonly Messenger _messenger;
    private readonly FileDescriptor _other;
    private readonly List<string> _reports = [];
    private readonly KeptMessages _kept;

    public KeptMessagesTests()
    {
        var (ours, other) = SocketPair.Stream();
        _other = other;
        _dispatcher = new Dispatcher(_loop);
        var channel = new Channel(_loop, ours, this, 1000, "a channel");
        _messenger = new Messenger(_loop, _dispatcher, channel, this, 1);
        _kept = new KeptMessages(20, _dispatcher, _time, exception => _reports.Add(exception.Message));
        _loop.Invoke(() =>
        {
            channel.Open();
            return 0;
        });
    }

    bool IMessengerOwner.HasMessageListener => false;

    [Fact]
    public async Task ASocket_IsClosedWhenItsTimeIsOver_AndItsMessageStays()
    {
        using var early = Add();
        _time.Advance(KeptMessages.SocketTime.TotalSeconds - 1);
        using var late = Add();
        await SettleAsync();
        Assert.False(IsClosed(early));
        _time.Advance(1);
        await SettleAsync();
        await UntilClosedAsync(early);
        Assert.False(IsClosed(late));
        _time.Advance(KeptMessages.SocketTime.TotalSeconds - 1);
        await SettleAsync();
        await UntilClosedAsync(late);
        Assert.Contains("a socket that came with one is closed", Assert.Single(_reports), StringComparison.Ordinal);
        Assert.Equal(2, _kept.Count);
        Assert.True(_kept.TryTake(out var message));
        Assert.True(message.HasSocket);
        Assert.Null(message.TakeSocket());
    }

    [Fact]
    public async Task TheOldest_IsClosed_WhenThereAreTooMany()
    {
        var others = Enumerable.Range(0, KeptMessages.MaxSockets).Select(_ => Add()).ToList();
        Assert.False(IsClosed(others[0]));
        others.Add(Add());
        await UntilClosedAsync(others[0]);
        Assert.False(IsClosed(others[1]));
        Assert.Single(_reports);
        others.ForEach(static other => other.Dispose());
    }

    [Fact]
    public async Task OneThatWasTaken_StaysOpen()
    {
        using var other = Add();
        Assert.True(_kept.TryTake(out var message));
        using var taken = message.TakeSocket();
        _time.Advance(KeptMessages.SocketTime.TotalSeconds * 2);
        await SettleAsync();
        Assert.False(IsClosed(other));
        Assert.Empty(_reports);
    }

    [Fact]
    public async Task MessagesOverTheNumber_AreDropped_WithTheirSockets_AndThatIsSaidOnce()
    {
        for (var i = 0; i < 20; i++)
        {
            _kept.Add(new ClusterMessage(_messenger, "1"u8.ToArray(), default, null, null));
        }

        using var first = Add();
        using var second = Add();
        await UntilClosedAsync(first);
        await UntilClosedAsync(second);
        Assert.Equal(20, _kept.Count);
        Assert.Contains("further ones are dropped", Assert.Single(_reports), StringComparison.Ordinal);
    }

    void IChannelPeer.OnMessage(string? command, ReadOnlySpan<byte> body, ValueFormat format, FileDescriptor? handle, string? handleType) => handle?.Dispose();

    void IChannelPeer.OnClosed(Exception? reason)
    {
    }

    void IMessengerOwner.RaiseMessage(ClusterMessage message)
    {
    }

    void IMessengerOwner.RaiseError(Exception exception)
    {
    }

    public void Dispose()
    {
        _kept.Dispose();
        _loop.Dispose();
        _other.Dispose();
    }

    /// <summary>Keeps a message with a socket; returns that socket's other end.</summary>
    private Socket Add()
    {
        var (ours, other) = SocketPair.Stream();
        _kept.Add(new ClusterMessage(_messenger, "1"u8.ToArray(), default, ours, null));
        return DescriptorSocket.From(other);
    }

    private Task SettleAsync()
    {
        var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _dispatcher.Post(settled.SetResult);
        return settled.Task.WaitAsync(Patience);
    }

    private static bool IsClosed(Socket other) => other.Poll(0, SelectMode.SelectRead);

    private static async Task UntilClosedAsync(Socket other)
    {
        using var timeout = new CancellationTokenSource(Patience);
        Assert.Equal(0, await other.ReceiveAsync(new byte[1], timeout.Token));
    }
}
