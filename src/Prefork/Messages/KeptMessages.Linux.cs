using Prefork.Loop;

namespace Prefork.Messages;

/// <summary>
/// Messages that came while nobody listens, for the first who does: so many, and so many bytes. A socket on one of them is somebody's connection, who
/// waits: it is kept for a time, and few of them are. What is over these bounds is dropped, or closed, and that is said once. By the dispatcher.
/// </summary>
/// <remarks>A socket is closed here, with its message's handlers, or when its sender has ended; if this process dies, by the kernel.</remarks>
internal sealed class KeptMessages(int most, Dispatcher dispatcher, TimeProvider time, Action<Exception> report) : IDisposable
{
    internal const int MaxSockets = 16;
    internal static readonly TimeSpan SocketTime = TimeSpan.FromSeconds(5);

    private const int MaxBytes = 64 * 1024 * 1024;

    private readonly Queue<ClusterMessage> _messages = new();
    private readonly Queue<(ClusterMessage Message, long Since)> _sockets = new();
    private ITimer? _timer;
    private long _bytes;
    private bool _saidDropped;
    private bool _saidClosed;

    internal int Count => _messages.Count;

    internal void Add(ClusterMessage message)
    {
        if (_messages.Count >= most || _bytes + message.Weight > MaxBytes)
        {
            message.CloseUnclaimed();
            SayDropped();
            return;
        }

        _bytes += message.Weight;
        _messages.Enqueue(message);
        if (message.HasSocket)
        {
            KeepSocket(message);
        }
    }

    internal bool TryTake(out ClusterMessage message)
    {
        if (!_messages.TryDequeue(out message!))
        {
            return false;
        }

        _bytes -= message.Weight;
        return true;
    }

    /// <summary>Their sender has ended: their sockets are of no use any more. The messages stay.</summary>
    public void Dispose()
    {
        _timer?.Dispose();
        while (_sockets.TryDequeue(out var socket))
        {
            socket.Message.CloseUnclaimed();
        }
    }

    private void KeepSocket(ClusterMessage message)
    {
        if (_sockets.Count == MaxSockets)
        {
            CloseOldest();
        }

        _sockets.Enqueue((message, time.GetTimestamp()));
        _timer ??= time.CreateTimer(_ => dispatcher.Post(CloseOverdue), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (_sockets.Count == 1)
        {
            _timer.Change(SocketTime, Timeout.InfiniteTimeSpan);
        }
    }

    private void CloseOverdue()
    {
        while (_sockets.TryPeek(out var oldest))
        {
            var left = SocketTime - time.GetElapsedTime(oldest.Since);
            if (left > TimeSpan.Zero)
            {
                _timer!.Change(left, Timeout.InfiniteTimeSpan);
                return;
            }

            CloseOldest();
        }
    }

    /// <summary>If it has not been taken: by then its message may have been delivered.</summary>
    private void CloseOldest()
    {
        if (_sockets.Dequeue().Message.CloseUnclaimed() && !_saidClosed)
        {
            _saidClosed = true;
            report(new InvalidOperationException(
                $"Nobody listens for messages, and a socket that came with one is closed: {MaxSockets} are kept, for {SocketTime.TotalSeconds:0} s each. Further ones are closed without a word. Add a handler for MessageReceived."));
        }
    }

    private void SayDropped()
    {
        if (!_saidDropped)
        {
            _saidDropped = true;
            report(new InvalidOperationException(
                $"Nobody listens for messages, and {_messages.Count} are kept already ({_bytes} bytes): further ones are dropped. Add a handler for MessageReceived, or raise {nameof(ClusterSettings.MaxKeptMessages)}."));
        }
    }
}
