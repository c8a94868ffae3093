using System.Buffers;
using System.Runtime.InteropServices;

namespace Prefork.AspNetCore.Transport;

/// <content>
/// Sending. The holder of the role alone reads the output pipe. A full socket leaves the role blocked, for the loop to take when there
/// is room again; the pipe holds back the application meanwhile.
/// </content>
internal sealed partial class ClusterConnection : IThreadPoolWorkItem
{
    private const int MaxVectors = 16;
    private const int SendsPerEvent = 16;

    private Role _sending;
    private volatile bool _putOff;
    private bool _hasPutOff;
    private bool _hasSent;
    private volatile bool _noDelay;
    private int _isBatching;

    /// <summary>Sends what is flushed. Called after each flush, when there is room (<paramref name="writable"/>), and after a shutdown.</summary>
    internal void Send(bool writable = false)
    {
        if (!_sending.TryTake(unblocks: writable))
        {
            return;
        }

        while (true)
        {
            switch (SendSome(writable ? SendsPerEvent : int.MaxValue))
            {
                case Outcome.Ended:
                    _sending.End();
                    OnEnded();
                    return;
                case Outcome.Paused when _sending.TryLeave(blocked: true):
                case Outcome.Waiting when _sending.TryLeave():
                    return;
            }
        }
    }

    /// <summary>
    /// The first answer of a connection, outside the loop: whether sending can wait for what follows. Once: an answer of which the
    /// pieces come one by one is delayed by a look of the watch at most, and only with its first piece.
    /// </summary>
    internal bool TryPutOff()
    {
        if (_registered || (_hasPutOff && !_putOff))
        {
            return false;
        }

        if (!_hasPutOff)
        {
            _hasPutOff = true;
            _putOff = true;
            _settings.Loop.SendLater(this);
        }

        return true;
    }

    /// <summary>Nothing has followed yet; or the application reads, and may wait for an answer to what it has flushed.</summary>
    internal void SendPutOff()
    {
        if (_putOff)
        {
            Send();
        }
    }

    /// <summary>
    /// HTTP/2, outside the loop: Kestrel flushes each stream's answer by itself, one after the other. So sending is queued behind what this
    /// thread is at, and takes what has come until then. Others take it over if the thread is busy for longer.
    /// </summary>
    internal bool TrySendBatched()
    {
        if (!_isHttp2)
        {
            return false;
        }

        if (Interlocked.Exchange(ref _isBatching, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
        }

        return true;
    }

    void IThreadPoolWorkItem.Execute()
    {
        // A full fence: what was flushed by those who have found the flag up is seen by this send.
        Interlocked.Exchange(ref _isBatching, 0);
        Send();
    }

    private Outcome SendSome(int limit)
    {
        _putOff = false;
        try
        {
            while (_shutdownReason is null)
            {
                if (limit-- == 0)
                {
                    // The application adds as fast as the client takes: the loop's other connections come first.
                    AskForRoom(again: true);
                    return Outcome.Paused;
                }

                if (!_output.Reader.TryRead(out var result))
                {
                    return Outcome.Waiting;
                }

                var buffer = result.Buffer;
                if (!buffer.IsEmpty)
                {
                    var sent = Send(buffer);
                    if (sent < 0)
                    {
                        var error = Marshal.GetLastPInvokeError();
                        _output.Reader.AdvanceTo(buffer.Start);
                        switch (error)
                        {
                            case Libc.EINTR:
                                continue;
                            case Libc.EAGAIN:
                                AskForRoom(again: false);
                                return Outcome.Paused;
                            default:
                                return EndOutput(ToException(error), failed: false);
                        }
                    }

                    var whole = sent == buffer.Length;
                    _output.Reader.AdvanceTo(whole ? buffer.End : buffer.GetPosition(sent));
                    if (!whole || !result.IsCompleted)
                    {
                        continue;
                    }
                }
                else
                {
                    _output.Reader.AdvanceTo(buffer.End);
                }

                if (result.IsCompleted)
                {
                    return EndOutput(null, failed: false);
                }
            }

            return EndOutput(null, failed: false);
        }
        catch (ObjectDisposedException)
        {
            return EndOutput(null, failed: false);
        }
        catch (Exception exception)
        {
            // The application completed its output with this.
            return EndOutput(exception, failed: true);
        }
    }

    private unsafe nint Send(ReadOnlySequence<byte> buffer)
    {
        // Nagle's rule holds nothing back while nothing is under way, so a connection's first answer needs no option.
        if (_hasSent && !_noDelay)
        {
            SetNoDelay();
        }

        _hasSent = true;
        if (!buffer.IsSingleSegment)
        {
            return SendVectors(buffer);
        }

        fixed (byte* start = buffer.FirstSpan)
        {
            return Libc.Send(Handle, start, (nuint)buffer.FirstSpan.Length, Libc.MSG_DONTWAIT | Libc.MSG_NOSIGNAL);
        }
    }

    private unsafe nint SendVectors(ReadOnlySequence<byte> buffer)
    {
        var vectors = stackalloc Libc.IoVec[MaxVectors];
        var pins = new Pins();
        var count = 0;
        try
        {
            foreach (var segment in buffer)
            {
                if (segment.IsEmpty)
                {
                    continue;
                }

                var pin = segment.Pin();
                pins[count] = pin;
                vectors[count++] = new Libc.IoVec { Base = pin.Pointer, Length = (nuint)segment.Length };
                if (count == MaxVectors)
                {
                    break;
                }
            }

            var message = new Libc.MsgHdr { Vectors = vectors, VectorCount = (nuint)count };
            return Libc.SendMsg(Handle, &message, Libc.MSG_DONTWAIT | Libc.MSG_NOSIGNAL);
        }
        finally
        {
            for (var i = 0; i < count; i++)
            {
                pins[i].Dispose();
            }
        }
    }

    /// <summary>Once: whoever has the connection's socket may have set something else since.</summary>
    private unsafe void SetNoDelay()
    {
        lock (_lock)
        {
            if (!_noDelay && _settings.NoDelay && _listening is System.Net.IPEndPoint)
            {
                // A refusal costs time and breaks nothing.
                var one = 1;
                _ = Libc.SetSockOpt(Handle, Libc.IPPROTO_TCP, Libc.TCP_NODELAY, &one, sizeof(int));
            }

            _noDelay = true;
        }
    }

    /// <summary>The role's holder, once. Everything was sent, or nothing more can be: the connection ends with its output.</summary>
    private Outcome EndOutput(Exception? error, bool failed)
    {
        if (error is not null && _shutdownReason is null)
        {
            LogFailure(error);
        }

        if (error is not null || !TryLinger())
        {
            Shutdown(error);
        }

        _output.Reader.Complete(failed ? error : null);
        return Outcome.Ended;
    }

    [System.Runtime.CompilerServices.InlineArray(MaxVectors)]
    private struct Pins
    {
        private MemoryHandle _first;
    }
}
