using Prefork.Native;

namespace Prefork.Handoff;

/// <summary>
/// The pipe that carries one listener's connections to one worker: SOCK_SEQPACKET, one connection to a message, many messages to a
/// system call, no reply. A worker so receives one connection at a time, and one that dies has received no more than it asked for.
/// </summary>
/// <remarks>
/// The primary keeps three things: the sending end, a duplicate of the worker's end, and the worker's page of the scoreboard.
/// A connection belongs to the primary until sendmsg has taken it, then to the kernel's queue; our copy closes at once, so that the worker's
/// close is the client's end of file. What the worker has not read stays in the queue even when the worker is dead, because the duplicate
/// keeps the queue alive, and is read back through the duplicate. Each message is delivered to exactly one reader, so taking back
/// from a living worker is no race: either it has the connection or we have.
/// If the primary dies, the kernel closes both ends and the queue; the worker exits with it.
/// </remarks>
internal sealed class Lane : ConnectionTarget
{
    /// <summary>Connections to one system call.</summary>
    internal const int MaxBatch = 32;

    private const int FullCheckInterval = 1;
    private const int StoppedCheckInterval = 20;

    /// <summary>In milliseconds: how long a lane that stalls again and again is left out at most, and how long it must do without a stall for those before to be forgotten.</summary>
    private const int LongestPause = 60_000;

    private readonly FileDescriptor _sender;
    private readonly FileDescriptor _duplicate;
    private readonly ScoreboardPage _page;
    private readonly int _row;
    private readonly int _capacity;
    private readonly int _timeout;
    private readonly Closer _closer = new();

    private long _handedOver;
    private long _taken;
    private long _progressAt;
    private bool _stopped;
    private bool _full;
    private int _shutDown;
    private long _readsWhenStopped;
    private int _stalls;
    private long _pausedUntil;

    /// <summary>Takes ownership of both descriptors. <paramref name="row"/> is this lane's alone, and zero.</summary>
    internal Lane(int workerId, double share, FileDescriptor sender, FileDescriptor duplicate, ScoreboardPage page, int row, int capacity, TimeSpan handoffTimeout)
        : base(workerId, share)
    {
        _sender = sender;
        _duplicate = duplicate;
        _page = page;
        _row = row;
        _capacity = capacity;
        _timeout = (int)Math.Min(handoffTimeout.TotalMilliseconds, int.MaxValue);
    }

    internal override int Waiting => (int)(_handedOver - _taken);

    protected override int Free => IsLeaving || _stopped || _full || _shutDown != 0 ? 0 : Math.Max(0, _capacity - Waiting);

    internal override WorkerLoad Load => new(WorkerId, Math.Max(0, _page.Open), Waiting, _handedOver);

    internal override void Refresh(long now)
    {
        _full = false;
        if (_shutDown != 0)
        {
            // Not a listener that has stopped: the worker's close of its end is not enough for that, for the duplicate is open.
            throw new ClusterProtocolException($"Worker {WorkerId} has shut down the lane of one of its listeners ({Errno.Describe(_shutDown)}, errno {_shutDown}).");
        }

        var taken = _page.Taken(_row);
        if (taken == _taken)
        {
            return;
        }

        if (taken < _taken || taken > _handedOver)
        {
            throw new ClusterProtocolException(
                $"Worker {WorkerId} says on the scoreboard that it has taken {taken} connections; it said {_taken} before, and was given {_handedOver}.");
        }

        _taken = taken;
        _progressAt = now;
        ResumeIfReading(now);
    }

    internal override int Send(ReadOnlySpan<int> connections, long now)
    {
        if (Waiting == 0)
        {
            _progressAt = now;
        }

        if (IsLeaving)
        {
            return 0;
        }

        var sent = DescriptorMessage.SendEach(_sender.Number, connections);
        if (sent < connections.Length)
        {
            _full = true;
        }

        if (sent < 0)
        {
            NoteFailure(Errno.Last);
            return 0;
        }

        _handedOver += sent;

        // The messages hold them now. A copy kept here would keep the client from seeing the worker's close.
        foreach (var connection in connections[..sent])
        {
            _closer.CloseHandedOver(connection);
        }

        return sent;
    }

    internal override void Leave()
    {
        base.Leave();
        if (_stopped)
        {
            RemoveQuestion();
            _stopped = false;
        }

        // The worker reads to the end of file, so it has everything that was sent before it drains and exits.
        _sender.Dispose();
    }

    internal override void TakeBackIfStalled(long now, Queue<int> recovered)
    {
        if (_stopped)
        {
            ResumeIfReading(now);
            return;
        }

        if (Waiting == 0 || now < _progressAt + _timeout)
        {
            return;
        }

        _readsWhenStopped = _page.Reads(_row);
        if (!TryRecover(recovered))
        {
            return;
        }

        _progressAt = now;
        CountStall(now);

        // Out of rotation until it reads again, and longer each time; an empty message is there for it to read.
        _stopped = !IsLeaving && DescriptorMessage.Send(_sender.Number, [0], []) > 0;
        if (!IsLeaving && !_stopped)
        {
            NoteFailure(Errno.Last);
        }
    }

    internal override void EndPause(long now) => _pausedUntil = Math.Min(_pausedUntil, now);

    internal override int NextLook(long now)
    {
        if (_stopped)
        {
            return (int)Math.Max(StoppedCheckInterval, _pausedUntil - now);
        }

        if (_shutDown != 0)
        {
            return 0;
        }

        // No event tells that a full lane has room again, so it is looked at often while it is full.
        if (!IsLeaving && Share > 0 && Free == 0)
        {
            return FullCheckInterval;
        }

        return Waiting == 0 ? -1 : (int)Math.Max(StoppedCheckInterval, _progressAt + _timeout - now);
    }

    internal override bool TryClose(Queue<int> recovered)
    {
        if (!TryRecover(recovered))
        {
            return false;
        }

        // The sender first: nothing can be added to the queue between the last read and the close of its last holder.
        _sender.Dispose();
        _duplicate.Dispose();
        return true;
    }

    private void ResumeIfReading(long now)
    {
        if (_stopped && now >= _pausedUntil)
        {
            _stopped = _page.Reads(_row) == _readsWhenStopped;
        }
    }

    /// <summary>
    /// A worker that says it reads, and does not take what it is given then, would have each of its connections wait for the timeout. The first stall is nothing; after each
    /// further one it is left out twice as long, if others can serve.
    /// </summary>
    private void CountStall(long now)
    {
        _stalls = _stalls > 0 && now - _pausedUntil < LongestPause ? _stalls + 1 : 1;
        _pausedUntil = _stalls == 1 ? now : now + Math.Min(LongestPause, (long)_timeout << Math.Min(_stalls - 1, 16));
    }

    private void NoteFailure(int errno)
    {
        if (errno is not (Linux.EAGAIN or Linux.ENOBUFS or Linux.ENOMEM or Linux.ETOOMANYREFS))
        {
            // EPIPE: the worker has shut its end down, and takes nothing more.
            _shutDown = errno;
        }
    }

    /// <summary>
    /// The empty message of a stopped lane would hide the end of file from a worker whose program does not accept. The worker may have
    /// read it meanwhile; then a connection is first that was given to this worker alone, and goes back.
    /// </summary>
    private void RemoveQuestion()
    {
        Span<byte> data = stackalloc byte[8];
        Span<int> connection = stackalloc int[1];
        if (!DescriptorHeadroom.Has(_duplicate))
        {
            // Taken without a number for it, that connection would be lost.
            return;
        }

        if (DescriptorMessage.Receive(_duplicate.Number, data, connection, out var count, out _) <= 0)
        {
            return;
        }

        if (count == 0 || DescriptorMessage.SendEach(_sender.Number, connection) != 1)
        {
            _handedOver -= data[0];
        }

        if (count == 1)
        {
            _closer.CloseShared(new FileDescriptor(connection[0]));
        }
    }

    private bool TryRecover(Queue<int> recovered)
    {
        Span<byte> data = stackalloc byte[8];
        Span<int> connections = stackalloc int[1];
        while (true)
        {
            if (!DescriptorHeadroom.Has(_duplicate))
            {
                return false;
            }

            if (DescriptorMessage.Receive(_duplicate.Number, data, connections, out var count, out _) <= 0)
            {
                return true;
            }

            // As it was sent: a connection that could not be received is lost, and not waiting any more.
            _handedOver -= data[0];
            foreach (var connection in connections[..count])
            {
                recovered.Enqueue(connection);
            }
        }
    }
}
