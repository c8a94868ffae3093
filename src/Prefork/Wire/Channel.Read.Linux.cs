using System.Text.Json;
using Prefork.Native;
using Prefork.Values;

namespace Prefork.Wire;

/// <remarks>The reading half. On the loop alone.</remarks>
internal sealed partial class Channel
{
    private const int InitialBufferSize = 64 * 1024;
    private const int ReadsPerTurn = 8;
    private const int MaxUnclaimedHandles = 64;
    private const int MaxHandleLayers = 4;

    private readonly Queue<FileDescriptor> _unclaimed = new();
    private byte[] _buffer = new byte[InitialBufferSize];
    private int _start;
    private int _scanned;
    private int _end;

    private void OnReady(uint events)
    {
        if ((events & Linux.EPOLLOUT) != 0)
        {
            OnWritable();
        }

        // A hang-up is reported whether asked for or not: what is left is little, so it is read even while paused.
        var hungUp = (events & (Linux.EPOLLHUP | Linux.EPOLLERR)) != 0;
        if (((events & Linux.EPOLLIN) == 0 || _paused || _unread) && !hungUp)
        {
            return;
        }

        for (var turn = 0; turn < ReadsPerTurn && !_closed && ((!_paused && !_unread) || hungUp); turn++)
        {
            if (!ReadOnce(out var filled))
            {
                return;
            }

            HoldBackIfUnread();
            CloseIfNeverAnswered();
            if (!filled)
            {
                // Mostly that was all there was. If not (the kernel stops at a descriptor), epoll says so again: it is level-triggered.
                return;
            }
        }
    }

    /// <summary>Reads once and delivers every whole message; false when there is no more for now.</summary>
    /// <param name="filled">The buffer is full, so there may well be more.</param>
    private bool ReadOnce(out bool filled)
    {
        filled = false;
        Span<int> descriptors = stackalloc int[DescriptorMessage.MaxDescriptors];
        MakeRoom();
        var received = DescriptorMessage.Receive(_socket.Number, _buffer.AsSpan(_end), descriptors, out var count, out _);
        if (received < 0)
        {
            var errno = Errno.Last;
            if (errno != Linux.EAGAIN)
            {
                // ECONNRESET: the peer closed with our bytes unread. That is an end of file like any other.
                Close(errno == Linux.ECONNRESET ? null : Errno.Failed(errno, $"read from {_name}"));
            }

            return false;
        }

        foreach (var descriptor in descriptors[..count])
        {
            _unclaimed.Enqueue(new FileDescriptor(descriptor));
        }

        if (received == 0)
        {
            Close(_end > _start ? Offence("ended in the middle of a message") : _unwritable);
            return false;
        }

        _end += received;
        filled = _end == _buffer.Length;
        try
        {
            if (_frames)
            {
                DeliverFrames();
            }
            else
            {
                DeliverLines();
            }

            // A descriptor comes with the first byte of its message. Between two messages none may be left, in the middle of one a few.
            if (_unclaimed.Count > (_start == _end ? 0 : MaxUnclaimedHandles))
            {
                throw Offence($"sent {_unclaimed.Count} descriptor(s) that no message speaks of");
            }
        }
        catch (Exception exception)
        {
            CloseFor(exception);
            return false;
        }

        return true;
    }

    /// <summary>Whatever a peer's message makes us throw is answered by closing that peer's channel, and nobody else's.</summary>
    private void CloseFor(Exception exception)
        => Close(exception as ClusterProtocolException ?? Offence("sent a message that cannot be handled", exception));

    private void DeliverLines()
    {
        while (!_closed)
        {
            var newline = _buffer.AsSpan(_scanned, _end - _scanned).IndexOf((byte)'\n');
            if (newline < 0)
            {
                _scanned = _end;
                if (_end - _start > _maxMessageSize)
                {
                    throw Offence($"sent a message over the limit of {_maxMessageSize} bytes ({nameof(ClusterSettings)}.{nameof(ClusterSettings.MaxMessageSize)})");
                }

                return;
            }

            var lineEnd = _scanned + newline;
            var line = _buffer.AsSpan(_start, lineEnd - _start);
            _start = _scanned = lineEnd + 1;
            if (line.Length > _maxMessageSize)
            {
                throw Offence($"sent a message of {line.Length} bytes, over the limit of {_maxMessageSize} ({nameof(ClusterSettings)}.{nameof(ClusterSettings.MaxMessageSize)})");
            }

            Deliver(line);
        }
    }

    private void Deliver(ReadOnlySpan<byte> line)
    {
        MessageHeader header;
        try
        {
            header = MessageHeader.Read(line);
        }
        catch (JsonException exception)
        {
            throw Offence($"sent a line of {line.Length} bytes that is not JSON", exception);
        }

        Dispatch(header, line, default);
    }

    private void Dispatch(MessageHeader header, ReadOnlySpan<byte> body, ValueFormat format)
    {
        switch (header.Command)
        {
            case NodeCommand.Handle:
                DispatchWithHandle(header, body, format);
                break;
            case NodeCommand.HandleAck:
                OnHandleAnswer(received: true);
                break;
            case NodeCommand.HandleNack:
                OnHandleAnswer(received: false);
                break;
            default:
                Tell(header.Command, body, format);
                break;
        }
    }

    /// <summary>
    /// The answer goes out before the message is acted on, exactly one to a NODE_HANDLE: none leaves the sender waiting for ever,
    /// two kill a Node peer. Node wraps what it sends again, three times at most, once more each time; all layers get one answer.
    /// </summary>
    private void DispatchWithHandle(MessageHeader header, ReadOnlySpan<byte> body, ValueFormat format)
    {
        if (_unclaimed.Count == 0)
        {
            SendControl(_frames ? s_nackFrame : "{\"cmd\":\"NODE_HANDLE_NACK\"}\n"u8);
            return;
        }

        SendControl(_frames ? s_ackFrame : "{\"cmd\":\"NODE_HANDLE_ACK\"}\n"u8);
        for (var layers = 1; header.Command == NodeCommand.Handle; layers++)
        {
            if (layers > MaxHandleLayers)
            {
                // Each costs a look at all that is in it.
                throw Offence($"has wrapped a descriptor's message more than {MaxHandleLayers} times");
            }

            body = body[header.Inner];
            format = header.InnerFormat;
            var type = header.HandleType;
            header = body.IsEmpty ? default : format.IsJson ? MessageHeader.Read(body) : FrameHeader.Read(body, format);
            if (header.Command != NodeCommand.Handle)
            {
                Tell(header.Command, body.IsEmpty ? "null"u8 : body, format, hasHandle: true, type);
            }
        }
    }

    /// <summary>A descriptor is claimed when its message has been understood; until then it is the channel's to close.</summary>
    private void Tell(string? command, ReadOnlySpan<byte> body, ValueFormat format, bool hasHandle = false, string? handleType = null)
    {
        if (command is not null && !format.IsJson)
        {
            // Only what is known: the rest is ignored, as Node does, and whatever comes with it is the peer's to close.
            body = NodeCommand.IsKnown(command) ? ConvertInternal(body, format) : "null"u8;
            format = default;
        }

        _peer.OnMessage(command, body, format, hasHandle ? _unclaimed.Dequeue() : null, handleType);
    }

    /// <summary>Makes room to read into; only a message longer than the buffer makes it grow, and it shrinks again after.</summary>
    private void MakeRoom()
    {
        if (_start == _end)
        {
            _start = _scanned = _end = 0;
            if (_buffer.Length > InitialBufferSize)
            {
                _buffer = new byte[InitialBufferSize];
            }
        }
        else if (_end == _buffer.Length)
        {
            var length = _end - _start;
            var target = length > _buffer.Length / 2 ? new byte[Math.Min(_buffer.Length * 2L, Array.MaxLength)] : _buffer;
            _buffer.AsSpan(_start, length).CopyTo(target);
            _scanned -= _start;
            _buffer = target;
            _start = 0;
            _end = length;
        }
    }
}
