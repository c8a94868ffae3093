using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Prefork;
using Prefork.Values;

namespace SocketIoCluster;

/// <summary>
/// What setupPrimary() of @socket.io/sticky does: reads the head of a connection's first request and gives the connection, with what was
/// read of it, to the worker that has the session; a new session goes to the next worker in turn.
/// </summary>
/// <remarks>
/// Here the whole socket always goes to the worker. The package keeps those of requests with a body, because Node's primary might read on;
/// this one reads no further than it wants to.
/// </remarks>
internal sealed partial class StickySessions
{
    private const int MaxHead = 16 * 1024;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly List<WorkerProcess> _ready = [];
    private readonly Dictionary<string, WorkerProcess> _sessions = [];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _next;

    internal StickySessions()
    {
        Cluster.MessageReceived += (_, e) => Hear(e.Worker, Packet.Read(e.Message));
        Cluster.Disconnected += (_, e) => Forget(e.Worker);
    }

    internal async Task ServeAsync(Socket listener)
    {
        while (true)
        {
            _ = PassOnAsync(await listener.AcceptAsync());
        }
    }

    private async Task PassOnAsync(Socket connection)
    {
        using (connection) // the worker gets a duplicate
        {
            try
            {
                using var timeout = new CancellationTokenSource(s_patience);
                if (await ReadHeadAsync(connection, timeout.Token) is { } head)
                {
                    var worker = await WorkerForAsync(Encoding.Latin1.GetString(head), timeout.Token);
                    await worker.SendValueAsync(new JsObject { ["type"] = "sticky:connection", ["data"] = head }, connection, timeout.Token);
                }
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException or ClusterChannelClosedException)
            {
                // The client gave up, or took too long, or its worker has just died: it comes again.
            }
        }
    }

    /// <summary>What has come when the head is complete; null when the client closes before that, or says too much.</summary>
    private static async Task<byte[]?> ReadHeadAsync(Socket connection, CancellationToken cancellation)
    {
        var buffer = new byte[MaxHead];
        for (var length = 0; length < buffer.Length;)
        {
            var count = await connection.ReceiveAsync(buffer.AsMemory(length), cancellation);
            if (count == 0)
            {
                return null;
            }

            length += count;
            if (buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) >= 0)
            {
                return buffer[..length];
            }
        }

        return null;
    }

    private async Task<WorkerProcess> WorkerForAsync(string head, CancellationToken cancellation)
    {
        if (SessionId().Match(head[..head.IndexOf("\r\n", StringComparison.Ordinal)]) is { Success: true } match
            && await OwnerAsync(match.Groups[1].Value, cancellation) is { } owner)
        {
            return owner;
        }

        while (true)
        {
            Task news;
            lock (_lock)
            {
                if (_ready.Count > 0)
                {
                    return _ready[_next++ % _ready.Count];
                }

                news = _news.Task;
            }

            await news.WaitAsync(cancellation);
        }
    }

    /// <summary>The worker that has the session. A client can be faster than the worker's word of its session, so that is waited for; null when none comes.</summary>
    private async Task<WorkerProcess?> OwnerAsync(string session, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(TimeSpan.FromMilliseconds(500));
        while (true)
        {
            Task news;
            lock (_lock)
            {
                if (_sessions.TryGetValue(session, out var worker))
                {
                    return worker;
                }

                news = _news.Task;
            }

            try
            {
                await news.WaitAsync(timeout.Token);
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }
    }

    private void Hear(WorkerProcess worker, object? message)
    {
        lock (_lock)
        {
            switch (message)
            {
                case "ready":
                    _ready.Add(worker);
                    break;
                case JsObject said when said.GetValueOrDefault("data") is string session:
                    switch (said.GetValueOrDefault("type"))
                    {
                        case "sticky:connection":
                            _sessions[session] = worker;
                            break;
                        case "sticky:disconnection":
                            _sessions.Remove(session);
                            return;
                        default:
                            return;
                    }

                    break;
                default:
                    return;
            }

            _news.SetResult();
            _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private void Forget(WorkerProcess worker)
    {
        lock (_lock)
        {
            _ready.Remove(worker);
            foreach (var (session, _) in _sessions.Where(pair => pair.Value == worker).ToList())
            {
                _sessions.Remove(session);
            }
        }
    }

    [GeneratedRegex(@"[?&]sid=([\w-]{20})")]
    private static partial Regex SessionId();
}
