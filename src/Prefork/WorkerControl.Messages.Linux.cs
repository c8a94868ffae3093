using System.ComponentModel;
using System.Net.Sockets;
using System.Text.Json;
using Prefork.Handles;
using Prefork.Ipc;
using Prefork.Native;
using Prefork.Processes;
using Prefork.Values;

namespace Prefork;

/// <remarks>What a worker says, and what the primary answers: the table of Node's verbs.</remarks>
internal sealed partial class WorkerControl
{
    private const int MaxListeners = 256;
    private const int MaxDataLength = 64 * 1024;

    private readonly Dictionary<long, HandedConnection> _unanswered = [];
    private ScoreboardPage? _page;
    private int _usedRows;
    private int _waitingQueries;
    private bool _online;
    private bool _ready;

    /// <summary>A connection sent as newconn: ours until the worker answers.</summary>
    private sealed record HandedConnection(AcceptingHandle Handle, NodeHandoff Target, FileDescriptor Connection);

    public void OnMessage(string? command, ReadOnlySpan<byte> body, ValueFormat format, FileDescriptor? handle, string? handleType)
    {
        switch (command)
        {
            case null:
                PassedSocket.Check(handle, handleType, $"Worker {Id}");
                Messenger!.OnMessage(body, format, handle);
                return;
            case NodeCommand.Cluster:
                OnClusterMessage(ClusterFrame.Read(body), body.Length);
                break;
            case NodeCommand.Prefork:
                Messenger!.OnPreforkMessage(body, this);
                break;
            case NodeCommand.SocketGetCount or NodeCommand.SocketNotifyClose:
                _channel!.Send(SocketListReply.To(command, body));
                break;
        }

        // No verb of a worker's carries a descriptor; one that came all the same is closed.
        handle?.Dispose();
    }

    public ValueTask<Action<LineWriter>> AnswerAsync(PreforkFrame frame, CancellationToken cancellation)
        => frame.Act == "send"
            ? RelayAsync(frame)
            : _primary.RequestHandlers.HandleAsync(Worker, frame.Name, frame.Body, cancellation);

    public void OnControl(PreforkFrame frame)
    {
        switch (frame.Act)
        {
            case ContextMessage.ResignAct:
                LetGoOfLeadership();
                break;
            case PingMessage.AnswerAct:
                OnPong(frame.Id);
                break;
            case ReadyMessage.ExpectAct:
                Worker.SaysReady = true;
                break;
            case ReadyMessage.Act when !_ready:
                _ready = true;
                _primary.Dispatcher.Post(Worker.RaiseReady);
                break;
        }
    }

    private void OnClusterMessage(ClusterFrame frame, int length)
    {
        if (frame.Ack is { } ack && frame.Act is null)
        {
            OnConnectionAnswer(ack, frame.Accepted ?? false);
            return;
        }

        switch (frame.Act)
        {
            case "online":
                OnOnline(frame);
                break;
            case "queryServer":
                OnQuery(frame);
                break;
            case "listening":
                OnListening(frame, length);
                break;
            case "close":
                OnCloseListener(frame.Key);
                break;
            case "exitedAfterDisconnect":
                Worker.SetAskedToLeave();
                StandDown();
                _channel!.Send(ClusterReplies.Acknowledge(RequireSequence(frame), _primary.NextSequence()));
                break;
        }
    }

    private void OnOnline(ClusterFrame frame)
    {
        if (_online)
        {
            return;
        }

        _online = true;
        if (frame.Prefork?.Version == ScoreboardPage.Version)
        {
            ShareScoreboard();
            StandForLeader();
        }

        _primary.Dispatcher.Post(Worker.RaiseOnline);
    }

    private void ShareScoreboard()
    {
        try
        {
            _page = ScoreboardPage.Create(Id, out var descriptor);
            _channel!.Send(ClusterReplies.Scoreboard(_primary.NextSequence()), descriptor, onRefused: () => _page = null);
        }
        catch (Win32Exception exception)
        {
            // No descriptors left. Its connections come by the channel then, as to a Node worker.
            _primary.Dispatcher.Post(() => Worker.RaiseError(exception));
        }
    }

    private void OnListening(ClusterFrame frame, int length)
    {
        var type = frame.AddressType.ValueKind == JsonValueKind.String ? frame.AddressType.GetString()! : frame.AddressType.ToString();
        var address = new ListeningAddress(frame.Address, frame.Port ?? 0, type.Length == 0 ? "4" : type, frame.Descriptor);
        Messenger!.Post(length, () => Worker.RaiseListening(address));
    }

    private void OnQuery(ClusterFrame frame)
    {
        var sequence = RequireSequence(frame);
        var query = ListenQuery.From(frame);
        CheckData(frame.Data);
        if (Worker.IsAskedToLeave || _channelOver)
        {
            // As Node: told to leave, its listen call ends with its channel.
            return;
        }

        if (_handles.ContainsKey(query.Key) || _handles.Count + _waitingQueries == MaxListeners)
        {
            SendError(_handles.ContainsKey(query.Key) ? Linux.EADDRINUSE : Linux.EMFILE);
            return;
        }

        if (_primary.Handles.IsClosing(query, () => OnQueryAgain(frame)))
        {
            _waitingQueries++;
            return;
        }

        var errno = TryOpen(query, frame.Data, out var handle);
        if (handle is null)
        {
            SendError(errno);
            return;
        }

        handle.Add(Id);
        _handles.Add(query.Key, handle);
        try
        {
            Reply(sequence, handle);
        }
        catch (Win32Exception exception)
        {
            // No descriptors left for a lane: this worker hears so, and may try again.
            OnCloseListener(query.Key);
            SendError(exception.NativeErrorCode);
            Messenger!.Post(0, () => Worker.RaiseError(exception));
        }

        void SendError(int errno)
            => _channel!.Send(ClusterReplies.Error(sequence, query.Key, errno, frame.Data, _primary.NextSequence()));
    }

    private void OnQueryAgain(ClusterFrame frame)
    {
        _waitingQueries--;
        _channel!.ActLater(() => OnQuery(frame));
    }

    /// <summary>All workers that ask for the same listen point get the first one's data back: it must be small, and one that can be written.</summary>
    private static void CheckData(JsonElement data)
    {
        if (data.ValueKind == JsonValueKind.Undefined)
        {
            return;
        }

        if (data.GetRawText().Length > MaxDataLength)
        {
            throw new JsonException($"queryServer has more than {MaxDataLength} characters of data, which would go to every worker.");
        }

        // Half a pair of surrogates can be read and not written.
        _ = JsonSerializer.SerializeToUtf8Bytes(data, FrameJsonContext.Default.JsonElement);
    }

    /// <summary>The error's number when there is no handle.</summary>
    private int TryOpen(ListenQuery query, JsonElement data, out ListenHandle? handle)
    {
        handle = null;
        try
        {
            handle = _primary.Handles.Open(query, data, _primary.Policy);
            return 0;
        }
        catch (SocketException exception)
        {
            // .NET's word for a folder that is not there. Node's programs know it as EACCES.
            var missing = query.IsUnix && exception.SocketErrorCode == SocketError.AddressNotAvailable;
            return missing ? _page is null ? Linux.EACCES : Linux.ENOENT : Errno.FromSocketError(exception.SocketErrorCode);
        }
        catch (Win32Exception exception)
        {
            // No descriptors left for an acceptor.
            return exception.NativeErrorCode;
        }
    }

    private void Reply(long ack, ListenHandle handle)
    {
        switch (handle)
        {
            case SharedHandle shared:
                _channel!.Send(
                    ClusterReplies.Shared(ack, handle, _primary.NextSequence()), PassedSocket.Duplicate(shared.Socket), onRefused: () => RefuseListener(ack, handle));
                break;
            case AcceptingHandle accepting when _page is not null && TryTakeRow(out var row):
                OpenLane(ack, accepting, row);
                break;
            case AcceptingHandle accepting:
                _channel!.Send(ClusterReplies.Accepting(ack, handle, _primary.NextSequence()));
                NodeHandoff? target = null;
                target = new NodeHandoff(Id, _share, connection => _primary.Loop.Post(() => HandOver(accepting, target!, connection)));
                accepting.Acceptor.Add(target);
                break;
        }
    }

    /// <summary>
    /// The worker's end goes to the worker, and is closed here once the worker has answered for it; the duplicate stays, so that
    /// the queue outlives the worker. If the worker dies before it reads its end, the kernel drops that descriptor with the channel.
    /// </summary>
    private void OpenLane(long ack, AcceptingHandle handle, int row)
    {
        var (sender, workerEnd) = SocketPair.SeqPacket();
        FileDescriptor duplicate;
        try
        {
            duplicate = workerEnd.Duplicate();
        }
        catch
        {
            sender.Dispose();
            workerEnd.Dispose();
            throw;
        }

        _channel!.Send(ClusterReplies.Lane(ack, handle, row, _primary.NextSequence()), workerEnd, onRefused: () => RefuseListener(ack, handle));
        handle.Acceptor.Add(new Lane(Id, _share, sender, duplicate, _page!, row, _settings.LaneCapacity, _settings.HandoffTimeout));
    }

    /// <summary>
    /// A row is never given twice: an acceptor, or the worker, may still be at the old one. A worker that has used them all
    /// gets its further listeners' connections by the channel.
    /// </summary>
    private bool TryTakeRow(out int row)
    {
        row = _usedRows;
        return _usedRows < ScoreboardPage.Rows && ++_usedRows > 0;
    }

    private void OnCloseListener(string? key)
    {
        if (key is null || !_handles.Remove(key, out var handle))
        {
            return;
        }

        handle.Remove(Id);
        _primary.Handles.Release(handle, TimeSpan.Zero);
    }

    /// <summary>Sends a connection to a Node worker, or back to the acceptor when there is no worker any more.</summary>
    private void HandOver(AcceptingHandle handle, NodeHandoff target, int connection)
    {
        var descriptor = new FileDescriptor(connection);
        if (_channelOver || Worker.IsAskedToLeave || !handle.Has(Id))
        {
            if (_wasInRotation)
            {
                handle.Acceptor.Return(descriptor.Release());
            }

            descriptor.Dispose();
            return;
        }

        PassedSocket.SetNonBlocking(connection);
        var sequence = _primary.NextSequence();
        _unanswered.Add(sequence, new HandedConnection(handle, target, descriptor));
        _channel!.Send(ClusterReplies.NewConnection(handle.Key, sequence), descriptor, ownsHandle: false, onRefused: () => OnConnectionAnswer(sequence, accepted: false));
    }

    /// <summary>The worker has no descriptor free for its end; it hears so by a message that needs none.</summary>
    private void RefuseListener(long ack, ListenHandle handle)
    {
        OnCloseListener(handle.Key);
        _channel!.Send(ClusterReplies.Error(ack, handle.Key, Linux.EMFILE, handle.Data, _primary.NextSequence()));
    }

    private void OnConnectionAnswer(long ack, bool accepted)
    {
        if (OnPong(ack) || !_unanswered.Remove(ack, out var handed))
        {
            return;
        }

        if (accepted)
        {
            // The worker has it; a copy kept here would keep the client from seeing the worker's close.
            handed.Connection.Dispose();
            handed.Handle.Acceptor.Answer(handed.Target, null, declined: false);
        }
        else
        {
            handed.Handle.Acceptor.Answer(handed.Target, _wasInRotation ? handed.Connection.Release() : null, declined: true);
            handed.Connection.Dispose();
        }
    }

    /// <summary>The worker died with connections unanswered: it may or may not have read them, and cannot serve them. Others can.</summary>
    private void ReturnUnanswered()
    {
        foreach (var handed in _unanswered.Values)
        {
            if (_wasInRotation)
            {
                handed.Handle.Acceptor.Return(handed.Connection.Release());
            }

            handed.Connection.Dispose();
        }

        _unanswered.Clear();
    }

    private async ValueTask<Action<LineWriter>> RelayAsync(PreforkFrame frame)
    {
        var body = frame.Body.Clone();
        var target = frame.To is { } to ? _primary.Workers.GetValueOrDefault(to)?.Control : null;
        if (target?.Messenger is not { } messenger || !target.IsConnected)
        {
            throw new ClusterRequestException($"There is no worker {frame.To} that could take the message.");
        }

        await (ProgramCommand.IsNodeScript(target._settings.Exec!) ? messenger.SendRawAsync(body) : messenger.SendRelayedAsync(Id, body)).ConfigureAwait(false);
        return static writer => writer.Json.WriteNullValue();
    }

    private static long RequireSequence(ClusterFrame frame)
        => frame.Seq ?? throw new JsonException($"{frame.Act} has no seq, so it cannot be answered.");
}
