using Prefork.Loop;
using Prefork.Messages;
using Prefork.Native;
using Prefork.Reporting;
using Prefork.Values;
using Prefork.Wire;

namespace Prefork.Worker;

/// <summary>
/// The child's side of Node's <c>child_process.fork</c>: a channel for messages and sockets, and nothing of the cluster's. State changes on its loop alone.
/// </summary>
internal sealed class ChildRole : IChannelPeer, IMessengerOwner
{
    private readonly EventLoop _loop = new("prefork child");
    private readonly Dispatcher _dispatcher;
    private readonly Channel _channel;

    private ChildRole(FileDescriptor socket, int maxMessageSize, ChannelSerialization serialization)
    {
        _dispatcher = new Dispatcher(_loop);
        Parent = new ParentProcess(this);
        _channel = new Channel(_loop, socket, this, maxMessageSize, "the channel to the parent process", serialization: serialization);
        Messenger = new Messenger(_loop, _dispatcher, _channel, this, InheritedChannel.MaxKeptMessages);
    }

    internal ParentProcess Parent { get; }

    internal Messenger Messenger { get; }

    internal bool IsConnected => _channel.IsConnected;

    public bool HasMessageListener => Parent.HasMessageListener;

    /// <exception cref="InvalidOperationException">The environment names a channel that is none.</exception>
    internal static ChildRole Connect(InheritedChannel channel)
    {
        var (serialization, maxMessageSize) = (channel.Serialization, channel.MaxMessageSize);
        var role = new ChildRole(channel.Adopt("This process has a parent process to talk to"), maxMessageSize, serialization);
        role._loop.Post(role._channel.Open);
        return role;
    }

    public void OnMessage(string? command, ReadOnlySpan<byte> body, ValueFormat format, FileDescriptor? handle, string? handleType)
    {
        switch (command)
        {
            case null:
                PassedSocket.Check(handle, handleType, "The parent process", _channel.Closer);
                Messenger.OnMessage(body, format, handle);
                return;
            case NodeCommand.SocketGetCount or NodeCommand.SocketNotifyClose:
                _channel.Send(SocketListReply.To(command, body));
                break;
        }

        // What is the cluster's is not for a child that is no worker.
        handle?.Dispose();
    }

    public void OnClosed(Exception? reason)
    {
        Messenger.OnClosed(reason);
        StandardError.SayLater(reason is null ? null : $"prefork: this process (pid {Environment.ProcessId}) has closed its channel to the parent process. {reason.Message}");
        _dispatcher.Post(() =>
        {
            if (reason is not null)
            {
                Parent.RaiseError(reason);
            }

            Parent.RaiseDisconnected();
        });
    }

    public void RaiseMessage(ClusterMessage message) => Parent.RaiseMessage(message);

    public void RaiseError(Exception exception) => Parent.RaiseError(exception);

    /// <summary>Any thread. What was sent before goes out first.</summary>
    internal void Disconnect() => _loop.Post(_channel.CloseWhenWritten);
}
