using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using Prefork.AspNetCore.Tls;

namespace Prefork.AspNetCore.Transport;

/// <content>
/// Receiving. The holder of the role alone writes the input pipe. One receive at a time: the rest is for the reader's next call, so an
/// upload is fetched where it is used. Only after a hang-up is everything read at once, because its end must be noticed even by a
/// connection that nobody reads.
/// </content>
internal sealed partial class ClusterConnection
{
    private const int SmallReceive = 2048;
    private const int ProbeSize = 4096;

    /// <summary>The first byte of a TLS connection (RFC 8446, 5.1), and of no request of HTTP.</summary>
    private const byte TlsHandshake = 22;

    [ThreadStatic]
    private static byte[]? t_probe;

    private Role _receiving;

    // Of the role's holder: whether the socket may have more without an event saying so, and whether the last receive filled its buffer.
    private bool _more = true;
    private bool _full;
    private ValueTask<FlushResult> _flush;
    private Action? _onResumed;
    private volatile bool _hungUp;
    private bool _hasSpoken;
    private volatile bool _isHttp2;
    private volatile bool _inputEnded;

    private enum Outcome
    {
        Waiting,
        Paused,
        Ended,
    }

    /// <summary>On the loop, or after a shutdown: there is something to receive, if only the end.</summary>
    private void OnReadable(bool hungUp)
    {
        if (hungUp)
        {
            _hungUp = true;
            if (_lingering)
            {
                Shutdown(null);
                return;
            }
        }

        if (_receiving.TryTake(unblocks: false))
        {
            _more = true;
            ReceiveHolding();
        }
    }

    /// <summary>The reader found nothing. A holder that it finds at work receives once more for it.</summary>
    internal void Receive()
    {
        SendPutOff();
        if (!_receiving.TryTake(unblocks: false))
        {
            return;
        }

        if (_more && _registered && !IoLoop.MayReceive())
        {
            // The loop's other connections come first; the event for this one comes back after theirs.
            _more = false;
            AskAgain();
        }

        ReceiveHolding();
    }

    private void ReceiveHolding()
    {
        while (true)
        {
            switch (ReceiveSome())
            {
                case Outcome.Paused:
                    // The role stays with whoever resumes.
                    return;
                case Outcome.Ended:
                    _receiving.End();
                    OnEnded();
                    return;
                default:
                    if (_receiving.TryLeave())
                    {
                        return;
                    }

                    _more = true;
                    break;
            }
        }
    }

    private Outcome ReceiveSome()
    {
        try
        {
            while (_shutdownReason is null)
            {
                if (!_more)
                {
                    if (!_registered)
                    {
                        Register();
                    }

                    return Outcome.Waiting;
                }

                var received = _registered ? ReceiveIntoPipe() : Probe();
                if (received == 0)
                {
                    if (LogsDebug)
                    {
                        TransportLog.ReceivedFin(_settings.Logger, ConnectionId);
                    }

                    break;
                }

                if (received < 0)
                {
                    var error = Marshal.GetLastPInvokeError();
                    if (error is not (Libc.EAGAIN or Libc.EINTR))
                    {
                        return EndInput(ToException(error));
                    }

                    _more = error == Libc.EINTR;
                    continue;
                }

                // A short receive has emptied the socket (epoll(7)), but for the end of file of which the event has told already.
                _more = _full || _hungUp;
                var flush = _input.Writer.FlushAsync();
                if (!flush.IsCompleted)
                {
                    _flush = flush;
                    if (LogsDebug)
                    {
                        TransportLog.Paused(_settings.Logger, ConnectionId);
                    }

                    flush.GetAwaiter().UnsafeOnCompleted(_onResumed ??= OnResumed);
                    return Outcome.Paused;
                }

                var result = flush.GetAwaiter().GetResult();
                if (result.IsCompleted || result.IsCanceled)
                {
                    break;
                }

                if (!_hungUp)
                {
                    return Outcome.Waiting;
                }
            }
        }
        catch (ObjectDisposedException)
        {
            // Closed between the look and the call: an end like any other.
        }
        catch (Exception exception)
        {
            // The application completed its input with this, and wants no more of it. Whatever else it is, nobody shall take it for the client's end.
            return EndInput(exception);
        }

        return EndInput(null);
    }

    /// <summary>The reader has consumed enough, or is gone.</summary>
    private void OnResumed()
    {
        if (LogsDebug)
        {
            TransportLog.Resumed(_settings.Logger, ConnectionId);
        }

        if (HasNoReader())
        {
            EndInput(null);
            _receiving.End();
            OnEnded();
            return;
        }

        ReceiveHolding();
    }

    private bool HasNoReader()
    {
        try
        {
            var result = _flush.GetAwaiter().GetResult();
            return result.IsCompleted || result.IsCanceled;
        }
        catch (Exception)
        {
            // The application completed its input with this.
            return true;
        }
        finally
        {
            _flush = default;
        }
    }

    private unsafe nint ReceiveIntoPipe()
    {
        var memory = _input.Writer.GetMemory(_full ? _settings.LargeReceive : SmallReceive);
        nint received;
        fixed (byte* buffer = memory.Span)
        {
            received = Libc.Recv(Handle, buffer, (nuint)memory.Length, Libc.MSG_DONTWAIT);
        }

        _full = received == memory.Length;
        if (received > 0)
        {
            NoteFirst(memory.Span[..(int)received]);
            _input.Writer.Advance((int)received);
        }

        return received;
    }

    /// <summary>The first look, without an event. A client that says nothing yet shall not hold a block of the pool.</summary>
    private unsafe nint Probe()
    {
        var probe = t_probe ??= GC.AllocateUninitializedArray<byte>(ProbeSize, pinned: true);
        nint received;
        fixed (byte* buffer = probe)
        {
            received = Libc.Recv(Handle, buffer, ProbeSize, Libc.MSG_DONTWAIT);
        }

        _full = received == ProbeSize;
        if (received > 0)
        {
            NoteFirst(probe.AsSpan(0, (int)received));
            _input.Writer.Write(probe.AsSpan(0, (int)received));
        }

        return received;
    }

    /// <summary>HTTP/2 without TLS begins with its preface (RFC 9113, 3.4), of which no HTTP/1 request has the method. TLS has not begun its work yet.</summary>
    private void NoteFirst(ReadOnlySpan<byte> received)
    {
        if (!_hasSpoken)
        {
            _hasSpoken = true;
            _isHttp2 = received.StartsWith("PRI "u8);
            if (received[0] == TlsHandshake && _settings.SharesTlsSessions)
            {
                SharedSessions.Begin(_settings.Logger);
            }
        }
    }

    /// <summary>The role's holder, once: nothing more will be received.</summary>
    private Outcome EndInput(Exception? error)
    {
        if (error is not null && _shutdownReason is null)
        {
            LogFailure(error);
        }

        _input.Writer.Complete(_shutdownReason ?? error);
        if (_shutdownReason is not null)
        {
            return Outcome.Ended;
        }

        // The client has ended it: the application hears of that even if it reads nothing. If a read is about to go on, the token is cancelled a
        // moment later: Kestrel aborts its current request with the token, and a request that came together with the end would get no answer.
        if (IoLoop.HasKept)
        {
            _inputEnded = true;
            _settings.Settling.Add(this);
        }
        else
        {
            FireClosed();
        }

        return Outcome.Ended;
    }
}
