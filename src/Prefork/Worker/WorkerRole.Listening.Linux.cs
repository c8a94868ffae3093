using System.Net;
using System.Net.Sockets;
using Prefork.Messages;
using Prefork.Native;
using Prefork.Sockets;
using Prefork.Wire;
using Prefork.Worker.Intake;

namespace Prefork.Worker;

/// <remarks>Listening through the primary.</remarks>
internal sealed partial class WorkerRole
{
    private readonly Dictionary<string, OpenListener> _listeners = [];
    private readonly Dictionary<string, ListenIndex> _indexes = [];

    /// <summary>Of listeners open and stopped: those whose connections are not all closed.</summary>
    private readonly HashSet<OpenConnections> _open = [];

    /// <summary>A listener, or shared UDP socket, of this worker's: what the primary's messages about its key reach.</summary>
    private sealed record OpenListener(ClusterListener? Listener, ChannelIntake? Intake, Socket? Datagrams);

    /// <summary>Node's index: counts the listens on one address while at least one of them is open.</summary>
    private sealed class ListenIndex
    {
        internal int Next { get; set; }

        internal int Open { get; set; }
    }

    internal ValueTask<ClusterListener> ListenAsync(ListenQuery query, int backlog, CancellationToken cancellation)
        => QueryAsync(query, (frame, handle, type, indexed) => OpenStream(indexed, backlog, frame, handle, type), static listener => listener.Stop(), cancellation);

    internal ValueTask<Socket> BindUdpAsync(ListenQuery query, CancellationToken cancellation)
        => QueryAsync(query, (frame, handle, _, indexed) => OpenDatagrams(indexed, frame, handle), static socket => socket.Dispose(), cancellation);

    private async ValueTask<T> QueryAsync<T>(
        ListenQuery query, Func<ClusterFrame, FileDescriptor?, string?, ListenQuery, T> open, Action<T> abandon, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Post(() =>
        {
            if (!_channel.IsConnected || _leaving)
            {
                result.TrySetException(new ClusterChannelClosedException("This worker is leaving, or has lost its primary; it cannot listen any more."));
                return;
            }

            var indexed = TakeIndex(query);
            _closedWhilePending.Add(Fail);
            var sequence = NextSequence();
            _pending.Add(sequence, (frame, handle, type) =>
            {
                _closedWhilePending.Remove(Fail);
                Complete(indexed, frame, handle, type);
            });
            var writer = LineWriter.StartCluster();
            writer.Json.WriteString("act"u8, "queryServer"u8);
            indexed.Write(writer.Json);
            _channel.Send(writer.EndCluster(sequence));
        });

        using var registration = cancellation.UnsafeRegister(_ => result.TrySetCanceled(cancellation), null);
        return await result.Task.ConfigureAwait(false);

        void Fail() => result.TrySetException(
            new ClusterChannelClosedException($"The channel to the primary closed before it answered for {query.Describe()}."));

        // On the loop, before the next message is read: that may be the first connection already.
        void Complete(ListenQuery indexed, ClusterFrame frame, FileDescriptor? handle, string? type)
        {
            try
            {
                var opened = open(frame, handle, type, indexed);
                if (_leaving || !result.TrySetResult(opened))
                {
                    abandon(opened);
                    Fail();
                }
            }
            catch (Exception exception)
            {
                handle?.Dispose();
                ReleaseIndex(indexed);
                if (frame is { Errno: null or >= 0, Key: { } key })
                {
                    // The primary has opened it for us, and would go on thinking that we listen.
                    SayClosed(key);
                }

                result.TrySetException(exception);
            }
        }
    }

    private readonly HashSet<Action> _closedWhilePending = [];

    private ClusterListener OpenStream(ListenQuery query, int backlog, ClusterFrame frame, FileDescriptor? handle, string? type)
    {
        var key = CheckReply(query, frame);
        var open = new OpenConnections(_page);
        void Stopped() => _loop.Post(() => CloseKey(key, query));
        var shared = handle is not null && type != HandleType.Lane;
        var local = shared ? ListenShared(handle!, backlog) : LocalEndPoint(query, frame);
        if (query.Port > 0 && local is IPEndPoint bound && bound.Port != query.Port)
        {
            // A Node primary under the shared policy hands out sockets that it could not bind.
            throw Failed(query, Linux.EADDRINUSE);
        }

        // A lane without the scoreboard: that had to be refused, for want of a descriptor, after the lane was made.
        ChannelIntake? byChannel = null;
        ConnectionIntake intake = handle is null ? byChannel = new ChannelIntake(open, AnswerConnection, Stopped)
            : shared ? new SharedIntake(handle, open, $"{local}", Stopped)
            : new LaneIntake(handle, _page ?? throw Failed(query, Linux.EMFILE), frame.Prefork?.Row ?? 0, open, $"{local}", Stopped);

        // First: it fails when the system has no thread left, and nothing has been said or noted then.
        (intake as DescriptorIntake)?.Start();
        var listener = new ClusterListener(intake, local, open);
        _listeners.Add(key, new OpenListener(listener, byChannel, null));
        _open.Add(open);
        _ = open.Drained.ContinueWith(_ => _loop.Post(() => _open.Remove(open)), TaskScheduler.Default);
        SayListening(query, local);
        return listener;
    }

    private Socket OpenDatagrams(ListenQuery query, ClusterFrame frame, FileDescriptor? handle)
    {
        var key = CheckReply(query, frame);
        void Stopped() => _loop.Post(() => CloseKey(key, query));
        var socket = DescriptorSocket.Agreeing(new SharedUdpSocket(
            DescriptorSocket.HandleOf(handle ?? throw new InvalidDataException("The primary answered a UDP query without a socket.")), Stopped));
        _listeners.Add(key, new OpenListener(null, null, socket));
        SayListening(query, socket.LocalEndPoint!);
        return socket;
    }

    private static string CheckReply(ListenQuery query, ClusterFrame frame)
    {
        if (frame.Errno is < 0)
        {
            throw Failed(query, -frame.Errno.Value);
        }

        return frame.Key ?? throw new InvalidDataException("The primary answered a listen query without a key.");
    }

    /// <summary>The primary binds, each worker listens with its own backlog, as in Node. The last to do so sets the queue's length.</summary>
    private static EndPoint ListenShared(FileDescriptor handle, int backlog)
    {
        using var borrowed = new Socket(new SafeSocketHandle(handle.Number, ownsHandle: false));
        borrowed.Listen(backlog);
        PassedSocket.SetNonBlocking(handle.Number);
        return borrowed.LocalEndPoint!;
    }

    private static EndPoint LocalEndPoint(ListenQuery query, ClusterFrame frame)
        => frame.SocketName is { Address: not null } name && IPAddress.TryParse(name.Address, out var address)
            ? new IPEndPoint(address, name.Port)
            : query.IsUnix ? UnixEndPoint(query.Address!)
            : new FileDescriptorEndPoint(query.Descriptor ?? 0);

    /// <summary>An absolute path may be longer than an address can be: then it is the one relative to this worker's folder, if that is short enough.</summary>
    private static UnixDomainSocketEndPoint UnixEndPoint(string path)
        => new(System.Text.Encoding.UTF8.GetByteCount(path) > Binder.MaxUnixPath ? Path.GetRelativePath(Environment.CurrentDirectory, path) : path);

    private void SayListening(ListenQuery query, EndPoint local)
    {
        var writer = LineWriter.StartCluster();
        writer.Json.WriteString("act"u8, "listening"u8);
        query.Write(writer.Json, local is IPEndPoint ip ? ip.Port : null);
        _channel.Send(writer.EndCluster(NextSequence()));
    }

    private void OnNewConnection(ClusterFrame frame, FileDescriptor connection)
    {
        if (frame.Key is not null && _listeners.TryGetValue(frame.Key, out var listener) && listener.Intake is { } intake)
        {
            intake.OnConnection(connection, frame.Seq ?? 0);
            return;
        }

        connection.Dispose();
        AnswerConnection(frame.Seq ?? 0, accepted: false);
    }

    /// <summary>
    /// Any thread. Written before the program has the connection, as Node does: a primary whose worker has served one knows that it is free again.
    /// </summary>
    private void AnswerConnection(long sequence, bool accepted)
    {
        var writer = LineWriter.StartCluster();
        writer.Json.WriteNumber("ack"u8, sequence);
        writer.Json.WriteBoolean("accepted"u8, accepted);
        _channel.Send(writer.EndCluster(NextSequence()));
    }

    private void CloseKey(string key, ListenQuery query)
    {
        if (!_listeners.Remove(key))
        {
            return;
        }

        ReleaseIndex(query);
        SayClosed(key);
    }

    private void SayClosed(string key)
    {
        var writer = LineWriter.StartCluster();
        writer.Json.WriteString("act"u8, "close"u8);
        writer.Json.WriteString("key"u8, key);
        _channel.Send(writer.EndCluster(NextSequence()));
    }

    /// <summary>UDP sockets of this worker's, which others share. On the loop.</summary>
    private Socket[] Datagrams() => [.. _listeners.Values.Select(static listener => listener.Datagrams).OfType<Socket>()];

    /// <summary>Ends when every listener has delivered what it was given and its connections are closed. On the loop.</summary>
    private Task LeaveListeners(bool stopAtOnce)
    {
        foreach (var listener in _listeners.Values.ToArray())
        {
            if (stopAtOnce)
            {
                listener.Listener?.Stop();
            }
            else
            {
                listener.Listener?.Leave();
            }
        }

        return Task.WhenAll(_open.Select(open => open.Drained));
    }

    /// <summary>The channel is gone.</summary>
    private void AbandonListeners()
    {
        foreach (var fail in _closedWhilePending.ToArray())
        {
            fail();
        }

        foreach (var listener in _listeners.Values.ToArray())
        {
            listener.Listener?.Stop();
        }
    }

    private ListenQuery TakeIndex(ListenQuery query)
    {
        var address = AddressKey(query);
        if (!_indexes.TryGetValue(address, out var index))
        {
            _indexes.Add(address, index = new ListenIndex());
        }

        index.Open++;
        return query with { Index = index.Next++ };
    }

    private void ReleaseIndex(ListenQuery query)
    {
        var address = AddressKey(query);
        if (_indexes.TryGetValue(address, out var index) && --index.Open == 0)
        {
            _indexes.Remove(address);
        }
    }

    private static string AddressKey(ListenQuery query) => $"{query.Address}:{query.Port}:{query.AddressType}:{query.Descriptor}";

    private static SocketException Failed(ListenQuery query, int errno)
        => new(
            (int)Errno.ToSocketError(errno),
            $"The primary could not listen on {query.Describe()} for this worker: {Errno.Describe(errno)} (errno {errno}).{Advice(query, errno)}");

    private static string Advice(ListenQuery query, int errno) => errno switch
    {
        Linux.EINVAL when query.Descriptor is not null => $" The primary must have inherited it, or offered it by {nameof(Cluster)}.{nameof(Cluster.OfferSocket)}.",
        Linux.EADDRINUSE => " Another process, or another listener of this one, has the address.",
        Linux.EACCES => " Ports below net.ipv4.ip_unprivileged_port_start, and folders of others, need privileges.",
        Linux.EADDRNOTAVAIL => " No interface of this machine has the address.",
        Linux.ETIMEDOUT => " The file system of the path does not answer: a mount whose server is gone, perhaps.",
        _ => "",
    };
}
