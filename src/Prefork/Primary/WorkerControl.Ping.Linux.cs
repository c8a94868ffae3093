using System.ComponentModel;
using Prefork.Messages;
using Prefork.Native;
using Prefork.Wire;

namespace Prefork.Primary;

/// <remarks>Whether the worker still works: a question that its thread pool, or its event loop, has to answer.</remarks>
internal sealed partial class WorkerControl
{
    private readonly Dictionary<long, TaskCompletionSource> _pings = [];

    private volatile WorkerCounts? _counts;

    /// <summary>Any thread. Null when it is not known.</summary>
    internal long? OpenConnections => _page is { } page ? Math.Max(0, page.Open) : _counts?.Connections;

    /// <summary>Any thread. Null when it is not known: a .NET worker that has counted none may serve requests that nobody counts.</summary>
    internal long? Requests => _page is { } page ? page.Requests is > 0 and var requests ? requests : Worker.SaysReady ? 0 : null : _counts?.Requests;

    /// <summary>Any thread.</summary>
    internal Task PingAsync(CancellationToken cancellation)
    {
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var id = _primary.Loop.Invoke(() => Ping(answered));
        return AwaitAsync();

        async Task AwaitAsync()
        {
            try
            {
                await answered.Task.WaitAsync(cancellation).ConfigureAwait(false);
            }
            finally
            {
                _primary.Loop.Post(() => _pings.Remove(id));
            }
        }
    }

    /// <summary>On the loop.</summary>
    private long Ping(TaskCompletionSource answered)
    {
        var id = _primary.NextSequence();
        if (_channelOver || !_online)
        {
            answered.SetException(new ClusterChannelClosedException(_online ? $"Worker {Id} is disconnected." : $"Worker {Id} is not online yet."));
            return id;
        }

        _pings.Add(id, answered);
        if (_hearsContext)
        {
            _channel!.Send(PingMessage.ToLine(id));
        }
        else
        {
            PingNode(id);
        }

        return id;
    }

    /// <summary>
    /// A connection for a listener that there is not: the one question of Node's protocol that every worker's event loop answers (it declines)
    /// and that changes nothing. There must be a connection on it, which Node closes; ours is the end of a pair.
    /// </summary>
    private void PingNode(long id)
    {
        try
        {
            var (passed, other) = SocketPair.Stream();
            other.Dispose();
            PassedSocket.SetNonBlocking(passed.Number);
            _channel!.Send(ClusterReplies.NewConnection("prefork:ping", id), passed);
        }
        catch (Win32Exception)
        {
            // No descriptors left here: says nothing of the worker.
            OnPong(id);
        }
    }

    private bool OnPong(long id)
    {
        if (!_pings.Remove(id, out var ping))
        {
            return false;
        }

        ping.TrySetResult();
        return true;
    }

    private void FailPings()
    {
        foreach (var ping in _pings.Values)
        {
            ping.TrySetException(new ClusterChannelClosedException($"Worker {Id} disconnected before it answered."));
        }

        _pings.Clear();
    }
}
