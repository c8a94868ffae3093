using System.Diagnostics.CodeAnalysis;
using Prefork.Native;
using Prefork.Values;

namespace Prefork.Wire;

/// <remarks>
/// The writing half. What the kernel takes at once is written by the caller's thread from the caller's buffer;
/// the rest is copied and queued, and the loop writes it when there is room.
/// Lines that wait are gathered and written together; see <see cref="SendBurst"/> for when a line is made to wait on purpose.
/// One descriptor is under way at a time: until its answer comes, everything but answers waits behind it.
/// </remarks>
internal sealed partial class Channel
{
    private const int MaxHandleAttempts = 10;
    private const int HoldBackAbove = 1024 * 1024;
    private const int ResumeBelow = 256 * 1024;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(20);

    private readonly Lock _writeLock = new();
    private readonly LinkedList<PendingWrite> _queue = new();
    private readonly Queue<PendingWrite> _answers = new();
    private PendingWrite? _lastAnswer;
    private PendingWrite? _unanswered;
    private PendingWrite? _partial;
    private volatile bool _refusing;
    private bool _starved;
    private bool _flushPosted;
    private long _queuedBytes;
    private long _queuedAtHandle;
    private SendBurst _burst;
    private Exception? _writeFailure;
    private Exception? _unwritable;

    /// <summary>How many bytes may be queued behind a descriptor that the peer does not answer; a channel that does not hold its peer back has no such bound.</summary>
    internal long MostBehindHandle { get; init; } = 256 * 1024 * 1024;

    /// <summary>
    /// Sends one line of JSON, which ends with a newline, as what the channel has for it. The task ends when the kernel has the bytes.
    /// </summary>
    /// <param name="line">Not kept: the caller may reuse it when the call returns.</param>
    /// <param name="handle">Rides on the line, which must then be a NODE_HANDLE. Kept until its answer comes, and closed then, or with the channel.</param>
    /// <param name="cancellation">Withdraws what has not begun to go out.</param>
    /// <exception cref="ClusterChannelClosedException">The channel is closed or closing.</exception>
    /// <exception cref="ArgumentException">The message is larger than the peer takes. The channel lives.</exception>
    internal ValueTask SendAsync(
        ReadOnlySpan<byte> line, FileDescriptor? handle = null, CancellationToken cancellation = default)
    {
        try
        {
            var bytes = ToBytes(line);
            ThrowIfTooLarge(bytes.Length - (_frames ? FrameWriter.HeadSize : 1));
            return SendBytesAsync(bytes, handle, ownsHandle: true, null, cancellation);
        }
        catch
        {
            // Also when a user's converter has written what is no JSON.
            handle?.Dispose();
            throw;
        }
    }

    /// <summary>Sends one frame, on a channel of frames. As <see cref="SendAsync"/> otherwise.</summary>
    internal ValueTask SendFrameAsync(ReadOnlySpan<byte> frame, FileDescriptor? handle, CancellationToken cancellation)
    {
        try
        {
            ThrowIfTooLarge(frame.Length - FrameWriter.HeadSize);
            return SendBytesAsync(frame, handle, ownsHandle: true, null, cancellation);
        }
        catch
        {
            handle?.Dispose();
            throw;
        }
    }

    private ReadOnlySpan<byte> ToBytes(ReadOnlySpan<byte> line) => _frames ? JsonToFrame.Write(line) : line;

    private void ThrowIfTooLarge(int size)
    {
        if (size > MaxSentSize)
        {
            throw new ArgumentException(
                $"The message has {size} bytes, and {_name} takes {MaxSentSize} ({nameof(ClusterSettings)}.{nameof(ClusterSettings.MaxMessageSize)}). It was not sent. Send it in parts, or raise the limit.");
        }
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The write owns its handle and closes it.")]
    private ValueTask SendBytesAsync(ReadOnlySpan<byte> line, FileDescriptor? handle, bool ownsHandle, Action? onRefused, CancellationToken cancellation)
    {
        lock (_writeLock)
        {
            if (_refusing || _closed || _writeFailure is not null)
            {
                DisposeIfOwned(handle, ownsHandle);
                return ValueTask.FromException(ClosedException());
            }

            var written = 0;
            if (handle is null && !cancellation.CanBeCanceled && _queue.Last?.Value is { } last && last.TryAppend(line))
            {
                _queuedBytes += line.Length;
                return new ValueTask(last.Completion);
            }

            if (IsIdle && (handle is not null || !_burst.ShouldGather()))
            {
                written = TryWrite(line, handle);
                if (written < 0)
                {
                    DisposeIfOwned(handle, ownsHandle);
                    return ValueTask.FromException(ClosedException());
                }

                if (written == line.Length && handle is null)
                {
                    return ValueTask.CompletedTask;
                }
            }

            var write = new PendingWrite(line, handle, ownsHandle ? Closer : null) { Written = written, OnRefused = onRefused };
            if (written == line.Length)
            {
                WaitForAnswer(write);
                return ValueTask.CompletedTask;
            }

            Enqueue(write);
            write.CancelWith(TryWithdraw, cancellation);
            return new ValueTask(write.Completion);
        }
    }

    /// <summary>
    /// Sends one of our own messages, from the loop. They are short. A channel that is gone is no error here: its end is reported by other means.
    /// </summary>
    /// <param name="line">As for <see cref="SendAsync"/>.</param>
    /// <param name="handle">As for <see cref="SendAsync"/>; when not <paramref name="ownsHandle"/>, its owner must keep it open until its answer comes.</param>
    /// <param name="ownsHandle">Whether it is closed then.</param>
    /// <param name="onRefused">Called on the loop when the peer has refused the handle for good.</param>
    internal void Send(ReadOnlySpan<byte> line, FileDescriptor? handle = null, bool ownsHandle = true, Action? onRefused = null)
        => SendBytesAsync(ToBytes(line), handle, ownsHandle, onRefused, default).AsTask().ContinueWith(
            static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    /// <summary>Refuses further messages and closes when all accepted ones are written and answered. On the loop.</summary>
    internal void CloseWhenWritten()
    {
        bool idle;
        lock (_writeLock)
        {
            _refusing = true;
            idle = IsIdle;
        }

        if (idle)
        {
            Close(null);
        }
    }

    private bool IsIdle => _queue.Count == 0 && _answers.Count == 0 && _unanswered is null && _partial is null;

    private void SendControl(ReadOnlySpan<byte> line)
    {
        lock (_writeLock)
        {
            if (_closed || _writeFailure is not null)
            {
                return;
            }

            if (_answers.Count > 0 && _lastAnswer!.TryAppend(line))
            {
                _queuedBytes += line.Length;
                return;
            }

            var written = _partial is null && _answers.Count == 0 ? TryWrite(line, null) : 0;
            if (written >= 0 && written < line.Length)
            {
                var write = new PendingWrite(line, null, null) { Written = written };
                _queuedBytes += write.Remaining.Length;
                _answers.Enqueue(_lastAnswer = write);
                _partial = written > 0 ? write : _partial;
                WatchForRoom();
            }
        }
    }

    /// <summary>What the kernel takes of it at once, and only between two messages: nobody waits for a peer that is being cut off.</summary>
    private void SayLast(ReadOnlySpan<byte> line)
    {
        lock (_writeLock)
        {
            if (!line.IsEmpty && _partial is null && _writeFailure is null)
            {
                _ = TryWrite(ToBytes(line), null);
            }
        }
    }

    /// <summary>Bytes written, 0 when the kernel is full, -1 when the channel is broken.</summary>
    private int TryWrite(ReadOnlySpan<byte> data, FileDescriptor? handle)
    {
        var added = false;
        try
        {
            int sent;
            if (handle is null)
            {
                sent = SendOn(data, []);
            }
            else
            {
                handle.DangerousAddRef(ref added);
                sent = SendOn(data, [handle.Number]);
            }

            if (sent >= 0)
            {
                return sent;
            }

            var errno = Errno.Last;
            if (errno is Linux.EAGAIN or Linux.ENOBUFS or Linux.ENOMEM or Linux.ETOOMANYREFS)
            {
                _starved = errno != Linux.EAGAIN;
                return 0;
            }

            return FailWriting(Errno.Failed(errno, $"write to {_name}"), errno);
        }
        catch (ObjectDisposedException exception)
        {
            return FailWriting(exception, 0);
        }
        finally
        {
            if (added)
            {
                handle!.DangerousRelease();
            }
        }
    }

    /// <summary>
    /// Mostly the peer has gone, and what it said last is there to be read, and its end. One that has shut down only the half it reads from ends in the
    /// same way: nobody could answer it.
    /// </summary>
    private int FailWriting(Exception cause, int errno)
    {
        _writeFailure = cause;
        _unwritable = errno is Linux.EPIPE or Linux.ECONNRESET ? null : Offence("cannot be written to", cause);
        _loop.Post(() =>
        {
            if (!_closed)
            {
                // Read to the end, however much of ours it has not read.
                RefuseToReceive();
                HoldBackIfUnread();
            }
        });
        return -1;
    }

    private int SendOn(ReadOnlySpan<byte> data, ReadOnlySpan<int> descriptors)
    {
        var added = false;
        try
        {
            // The reference keeps the number from being closed, and given to somebody else, under a writer on another thread.
            _socket.DangerousAddRef(ref added);
            return DescriptorMessage.Send(_socket.Number, data, descriptors);
        }
        finally
        {
            if (added)
            {
                _socket.DangerousRelease();
            }
        }
    }

    private void WatchForRoom()
    {
        if (_loop.IsCurrent)
        {
            SetWantsWrite(true);
        }
        else
        {
            _loop.Post(() => SetWantsWrite(true));
        }
    }

    private void SetWantsWrite(bool wanted)
    {
        if (_wantsWrite != wanted)
        {
            _wantsWrite = wanted;
            UpdateInterest();
        }
    }

    /// <summary>
    /// On the loop, after reading and after writing. Not while a descriptor is under way: its answer, which may be behind whatever else the peer has to say,
    /// is all that lets the rest go out.
    /// </summary>
    private void HoldBackIfUnread()
    {
        var queued = Volatile.Read(ref _queuedBytes);
        var unread = _holdsBack && _writeFailure is null && Volatile.Read(ref _unanswered) is null && queued > (_unread ? ResumeBelow : HoldBackAbove);
        if (_unread != unread)
        {
            _unread = unread;
            UpdateInterest();
        }
    }

    private ClusterChannelClosedException ClosedException()
        => new($"{char.ToUpperInvariant(_name[0])}{_name[1..]} is closed; the message was not sent.", _writeFailure);

    private static void DisposeIfOwned(FileDescriptor? handle, bool owns)
    {
        if (owns)
        {
            handle?.Dispose();
        }
    }
}
