using System.ComponentModel;
using System.Text.Json;
using Prefork.Handoff;
using Prefork.Messages;
using Prefork.Native;
using Prefork.Primary.Accept;
using Prefork.Processes;
using Prefork.Reporting;
using Prefork.Values;
using Prefork.Wire;

namespace Prefork.Primary;

/// <remarks>What a worker says, and what the primary answers: the table of Node's verbs.</remarks>
internal sealed partial class WorkerControl
{
    private const int MaxListeners = 256;

    private readonly Dictionary<long, HandedConnection> _unanswered = [];
    private ScoreboardPage? _page;
    private int _usedRows;
    private bool _online;
    private bool _ready;
    private bool _offended;

    /// <summary>A connection sent as newconn: ours until the worker answers.</summary>
    private sealed record HandedConnection(AcceptingHandle Handle, NodeHandoff Target, FileDescriptor Connection);

    public void OnMessage(string? command, ReadOnlySpan<byte> body, ValueFormat format, FileDescriptor? handle, string? handleType)
    {
        if (command is null)
        {
            PassedSocket.Check(handle, handleType, $"Worker {Id}", _channel!.Closer);
            Messenger!.OnMessage(body, format, handle);
            if (_page is null && ReadyMessage.IsNodes(body, format))
            {
                OnReady();
            }

            return;
        }

        if (handle is not null)
        {
            // No verb of a worker's carries a descriptor.
            Messenger!.Discard(handle);
        }

        switch (command)
        {
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
            case OffenceMessage.Act when !_offended:
                _offended = true;
                var offence = new ClusterProtocolException($"Worker {Id} has closed its channel: {PlainText.Line(frame.Error ?? "it does not say why", OffenceMessage.MaxReason)}");
                _primary.Dispatcher.Post(() => Worker.RaiseError(offence));
                break;
            case ReadyMessage.ExpectAct:
                Worker.SaysReady = true;
                Worker.WaitsFor = ReadyMessage.ReasonOf(frame.Body) ?? Worker.WaitsFor;
                break;
            case ReadyMessage.Act:
                OnReady();
                break;
            case WorkerCounts.Act:
                _counts = WorkerCounts.From(frame);
                break;
        }
    }

    private void OnReady()
    {
        if (!_ready)
        {
            _ready = true;
            _primary.Dispatcher.Post(Worker.RaiseReady);
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
            _channel!.Send(ClusterReplies.Scoreboard(_primary.NextSequence()), descriptor, onRefused: () => DoWithoutScoreboard(
                Errno.Failed(Linux.EMFILE, $"give worker {Id} a scoreboard, for which it has no descriptor free")));
        }
        catch (Win32Exception exception)
        {
            DoWithoutScoreboard(exception);
        }
    }

    /// <summary>No descriptors left, here or there. Connections of its next listeners come by the channel, as to a Node worker.</summary>
    private void DoWithoutScoreboard(Win32Exception cause)
    {
        _page = null;
        _primary.RepeatedErrors.Add(nameof(DoWithoutScoreboard), cause, error => _primary.Dispatcher.Post(() => Worker.RaiseError(error)));
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

    private void OnConnectionAnswer(long ack, bool accepted)
    {
        if (OnPong(ack) || !_unanswered.Remove(ack, out var handed))
        {
            return;
        }

        if (accepted)
        {
            // The worker has it; a copy kept here would keep the client from seeing the worker's close. It has room for another one when that is done.
            _channel!.Closer.CloseHandedOver(handed.Connection.Release(), () => handed.Handle.Acceptor.Answer(handed.Target, null, declined: false));
        }
        else
        {
            handed.Handle.Acceptor.Answer(handed.Target, TakeBack(handed), declined: true);
        }
    }

    /// <summary>The worker died with connections unanswered: it may or may not have read them, and cannot serve them. Others can.</summary>
    private void ReturnUnanswered()
    {
        foreach (var handed in _unanswered.Values)
        {
            if (TakeBack(handed) is { } connection)
            {
                handed.Handle.Acceptor.Return(connection);
            }
        }

        _unanswered.Clear();
    }

    /// <summary>A connection that this worker has had, for the others; null when it was meant for this one alone, and is closed.</summary>
    private int? TakeBack(HandedConnection handed)
    {
        if (_wasInRotation)
        {
            return handed.Connection.Release();
        }

        _channel!.Closer.CloseShared(handed.Connection);
        return null;
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
