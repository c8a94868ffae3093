using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore.Transport;

/// <content>The ends of a connection, its place in the loop, and its token.</content>
internal sealed partial class ClusterConnection
{
    private const uint Interest = Libc.EPOLLIN | Libc.EPOLLRDHUP;
    private const int MostDiscards = 16;
    private const int DiscardSize = 1024 * 1024;

    private static readonly TimeSpan s_lingerTime = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _closedSource = new();
    private volatile Exception? _shutdownReason;
    private volatile bool _registered;
    private bool _wantsRoom;
    private volatile bool _lingers;
    private volatile bool _lingering;
    private int _closedFired;
    private int _open = 2;
    private TaskCompletionSource? _finished;

    /// <summary>
    /// What the application has not yet read or sent is lost. The client sees a reset; or an orderly end if there is no reason, which is how
    /// Kestrel ends a connection whose client has sent all that it will send.
    /// </summary>
    public override void Abort(ConnectionAbortedException? abortReason)
    {
        Shutdown(abortReason);
        FireClosed();
    }

    /// <summary>By the application, and the client sees a reset as with Kestrel's sockets; or by the connection itself when it has ended.</summary>
    internal void OnSocketClosed() => Shutdown(new ConnectionAbortedException("The application closed the connection's socket."));

    /// <summary>
    /// Kestrel calls it when nothing of the application's uses the connection any more. What is flushed is still sent;
    /// a client that takes none of it is Kestrel's to abort.
    /// </summary>
    public override async ValueTask DisposeAsync()
    {
        Input.Complete();
        Output.Complete();
        if (Volatile.Read(ref _open) > 0)
        {
            var finished = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Interlocked.Exchange(ref _finished, finished);
            if (Volatile.Read(ref _open) == 0)
            {
                finished.TrySetResult();
            }

            await finished.Task.ConfigureAwait(false);
        }

        if (Interlocked.Exchange(ref _closedFired, 1) == 0)
        {
            // Here, and not on the pool: nobody but this caller is left to be kept waiting.
            CancelClosed();
        }
    }

    /// <summary>By the clock, a moment after the connection began or ended: what the short-lived do without.</summary>
    internal void Settle()
    {
        if (_shutdownReason is not null || _inputEnded)
        {
            FireClosed();
        }
        else if (!_registered)
        {
            // Its reader may be busy with the first request; but a client that leaves must be noticed.
            Register();
        }
    }

    /// <summary>Any thread.</summary>
    internal void RequestCloseOfHttp2()
    {
        if (_isHttp2)
        {
            _lingers = true;
            _features?.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        }
    }

    /// <summary>
    /// After a GOAWAY the client closes, not we: one that is just about to send on this connection must read the GOAWAY first. .NET's own
    /// HttpClient fails a request, and does not repeat it, that meets the end of the connection instead.
    /// </summary>
    private bool TryLinger()
    {
        if (!_lingers || _shutdownReason is not null)
        {
            return false;
        }

        Register();
        _lingering = true;
        if (_hungUp)
        {
            return false;
        }

        _ = Task.Delay(s_lingerTime).ContinueWith(_ => Shutdown(null), TaskScheduler.Default);
        return true;
    }

    private void OnEnded()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            Volatile.Read(ref _finished)?.TrySetResult();
        }
    }

    /// <summary>Ends both directions, once; <paramref name="error"/> is null for an orderly end. The first reason counts.</summary>
    private void Shutdown(Exception? error)
    {
        lock (_lock)
        {
            if (_shutdownReason is not null)
            {
                return;
            }

            _shutdownReason = error ?? new ConnectionAbortedException("The connection's output is complete.");
            if (_registered)
            {
                _settings.Loop.Forget(this);
            }

            Close(abortive: error is not null && !_settings.FinOnError);
        }

        LogShutdown(error);
        if (error is null)
        {
            _settings.Settling.Add(this);
        }
        else
        {
            FireClosed();
        }

        // Whoever holds a role sees the reason; where nobody does, the pipe is completed here.
        _input.Writer.CancelPendingFlush();
        OnReadable(hungUp: false);
        Send(writable: true);
    }

    /// <summary>
    /// Closes the descriptor. The number is free when the last call under way with it has returned: the handle counts them.
    /// </summary>
    private unsafe void Close(bool abortive)
    {
        if (abortive)
        {
            // struct linger { on, seconds }: a close without waiting sends a reset.
            var linger = stackalloc int[] { 1, 0 };
            _ = Libc.SetSockOpt(Handle, Libc.SOL_SOCKET, Libc.SO_LINGER, linger, 2 * sizeof(int));
        }
        else if (_listening is System.Net.IPEndPoint)
        {
            DiscardInput();
        }

        // No shutdown first: the last close of a socket ends both directions. The only other holders are a socket made of this
        // connection, closed here too, and for an instant the primary, which closes its own once it has handed it over.
        _socket?.Dispose();
        Handle.Dispose();
    }

    /// <summary>
    /// What the client has sent and nobody will read: closed over it, TCP sends a reset, and throws away what of the answer is still to be sent. A bounded
    /// part of it, so that no client can keep this thread busy. MSG_TRUNC discards without a copy (tcp(7)).
    /// </summary>
    private unsafe void DiscardInput()
    {
        for (var i = 0; i < MostDiscards && Libc.Recv(Handle, null, DiscardSize, Libc.MSG_DONTWAIT | Libc.MSG_TRUNC) > 0; i++)
        {
        }
    }

    private void Register()
    {
        lock (_lock)
        {
            if (_registered || _shutdownReason is not null)
            {
                return;
            }

            _registered = true;
            if (_settings.Loop.Watch(this, _wantsRoom ? Interest | Libc.EPOLLOUT : Interest))
            {
                return;
            }
        }

        Shutdown(new ConnectionAbortedException("The connection could not be watched (see epoll_ctl(2))."));
    }

    /// <summary>The event for what the socket has comes once more.</summary>
    private void AskAgain()
    {
        lock (_lock)
        {
            if (_shutdownReason is null)
            {
                _settings.Loop.WatchAgain(this, _wantsRoom ? Interest | Libc.EPOLLOUT : Interest);
            }
        }
    }

    /// <summary>An event when there is room, from now on; or at once, if there is room and <paramref name="again"/> says so.</summary>
    private void AskForRoom(bool again)
    {
        bool asked;
        lock (_lock)
        {
            asked = _wantsRoom;
            _wantsRoom = true;
        }

        if (!_registered)
        {
            Register();
        }
        else if (again || !asked)
        {
            AskAgain();
        }
    }

    private void FireClosed()
    {
        if (Interlocked.Exchange(ref _closedFired, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.CancelClosed(), this, preferLocal: false);
        }
    }

    private void CancelClosed()
    {
        try
        {
            _closedSource.Cancel();
        }
        catch (AggregateException exception)
        {
            TransportLog.ClosedFailed(_settings.Logger, ConnectionId, exception);
        }
    }

    /// <summary>Asked first: a name for the connection is made when somebody wants it.</summary>
    private bool LogsDebug => _settings.Logger.IsEnabled(LogLevel.Debug);

    private void LogShutdown(Exception? error)
    {
        if (!LogsDebug)
        {
            return;
        }

        if (error is null || _settings.FinOnError)
        {
            TransportLog.SendingFin(_settings.Logger, ConnectionId, _shutdownReason!.Message);
        }
        else
        {
            TransportLog.SendingRst(_settings.Logger, ConnectionId, error.Message);
        }
    }

    private void LogFailure(Exception error)
    {
        if (!LogsDebug)
        {
            return;
        }

        if (error is ConnectionResetException)
        {
            TransportLog.Reset(_settings.Logger, ConnectionId);
        }
        else
        {
            TransportLog.Failed(_settings.Logger, ConnectionId, error);
        }
    }
}
