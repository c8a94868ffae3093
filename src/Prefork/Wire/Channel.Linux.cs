using Prefork.Loop;
using Prefork.Native;

namespace Prefork.Wire;

/// <summary>
/// One end of the control pipe between primary and worker, in Node's wire: one JSON value to a line, or one frame in V8's format
/// (Channel.Frames.Linux.cs), descriptors in ancillary data.
/// </summary>
/// <remarks>
/// Reading happens on the loop alone (Channel.Read.Linux.cs). Writing happens on any thread under a lock of its own (Channel.Write.Linux.cs).
/// Closing happens on the loop alone, so that whoever gets <see cref="IChannelPeer.OnClosed"/> has seen every message before it.
/// Every read is a recvmsg with room for descriptors: a plain read would silently drop them (unix(7)).
/// </remarks>
internal sealed partial class Channel
{
    private readonly EventLoop _loop;
    private readonly FileDescriptor _socket;
    private readonly IChannelPeer _peer;
    private readonly int _maxMessageSize;
    private readonly string _name;
    private readonly bool _frames;
    private readonly bool _holdsBack;
    private long _token;
    private bool _paused;
    private bool _unread;
    private bool _wantsWrite;
    private bool _closed;

    /// <summary>Takes ownership of <paramref name="socket"/>: it ends in <see cref="Close"/>, on the loop.</summary>
    /// <param name="holdBack">
    /// Whether a peer that does not read what is sent to it is not read either: it would otherwise fill this process with replies.
    /// On one side only, or two that do so wait for each other.
    /// </param>
    internal Channel(EventLoop loop, FileDescriptor socket, IChannelPeer peer, int maxMessageSize, string name, bool holdBack = false, ChannelSerialization serialization = ChannelSerialization.Json)
    {
        _frames = serialization == ChannelSerialization.Advanced;
        _holdsBack = holdBack;
        _loop = loop;
        _socket = socket;
        _peer = peer;
        _maxMessageSize = maxMessageSize;
        _name = name;
    }

    /// <summary>The largest message that the peer takes, in bytes; a larger one is refused here, where its sender can be told.</summary>
    internal int MaxSentSize { get; init; } = int.MaxValue;

    /// <summary>For what the peer has sent, or has been sent.</summary>
    internal Closer Closer { get; } = new();

    /// <summary>How messages are written on it.</summary>
    internal ChannelSerialization Serialization => _frames ? ChannelSerialization.Advanced : ChannelSerialization.Json;

    /// <summary>True until either side closes; read on any thread.</summary>
    internal bool IsConnected => !_refusing && !Volatile.Read(ref _closed);

    /// <summary>Begins to read. On the loop.</summary>
    internal void Open() => _token = _loop.Watch(_socket, Linux.EPOLLIN, OnReady);

    /// <summary>Leaves what the peer sends in the kernel, which then holds the peer back. On the loop.</summary>
    internal void PauseReading()
    {
        _paused = true;
        UpdateInterest();
    }

    /// <summary>Ends <see cref="PauseReading"/>. On the loop.</summary>
    internal void ResumeReading()
    {
        _paused = false;
        UpdateInterest();
    }

    /// <summary>Reads what the kernel still holds from a peer that has died, and closes. On the loop.</summary>
    internal void Drain()
    {
        if (!_closed)
        {
            RefuseToReceive();
        }

        while (!_closed && ReadOnce(out _))
        {
        }

        Close(null);
    }

    /// <summary>What the kernel holds can be read still, then comes an end of file: whoever else has the peer's end cannot go on for ever.</summary>
    private void RefuseToReceive() => _ = Libc.Shutdown(_socket.Number, Linux.SHUT_RD);

    /// <summary>Acts on a message that had to wait; an exception is an offence of its sender's, as when it is read. On the loop.</summary>
    internal void ActLater(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception)
        {
            CloseFor(exception);
        }
    }

    /// <summary>
    /// Closes the socket, the only copy on this side, and tells the peer once. On the loop.
    /// Descriptors that came and were never claimed, and those still waiting to be sent, close here too.
    /// </summary>
    internal void Close(Exception? reason)
    {
        if (_closed)
        {
            return;
        }

        Volatile.Write(ref _closed, true);
        _loop.Unwatch(_socket, _token);
        if (reason is ClusterProtocolException)
        {
            SayLast(_peer.LastWord(reason));
        }

        while (_unclaimed.TryDequeue(out var handle))
        {
            Closer.CloseForeign(handle);
        }

        AbandonWrites(reason);

        // The peer sees the end at once. The close may wait: what the peer has sent and nobody has read goes with it, descriptors too.
        _ = Libc.Shutdown(_socket.Number, Linux.SHUT_RDWR);
        Closer.CloseForeign(_socket);
        _peer.OnClosed(reason);
    }

    private void UpdateInterest()
    {
        if (!_closed)
        {
            _loop.Rewatch(_socket, (_paused || _unread ? 0 : Linux.EPOLLIN) | (_wantsWrite ? Linux.EPOLLOUT : 0), _token);
        }
    }

    private ClusterProtocolException Offence(string what, Exception? cause = null)
        => new($"The peer of {_name} {what}; the channel is closed.", cause);
}
