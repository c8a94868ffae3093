using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Prefork.Handoff;
using Prefork.Loop;
using Prefork.Messages;
using Prefork.Native;
using Prefork.Processes;
using Prefork.Reporting;
using Prefork.Values;
using Prefork.Wire;

namespace Prefork.Worker;

/// <summary>
/// The worker's side of the cluster: its channel, its listeners, its leave. State changes on its loop alone.
/// </summary>
/// <remarks>
/// The channel's end of file means that the primary is gone or has cut us off. Unless a leave is under way the process then exits at once:
/// the callbacks of <see cref="ClusterWorker.Leaving"/> first, then the shared (UDP) sockets are closed, so that no orphan holds a port, then the other handlers,
/// then the process ends, by force if any of that hangs.
/// </remarks>
internal sealed partial class WorkerRole : IChannelPeer, IPreforkPeer
{
    /// <summary>What this process ends with when the channel is closed for an offence of the primary's, or an error: EX_PROTOCOL of sysexits.h.</summary>
    private const int OffenceExitCode = 76;

    private readonly EventLoop _loop = new("prefork worker");
    private readonly Dispatcher _dispatcher;
    private readonly Channel _channel;
    private readonly Dictionary<long, Action<ClusterFrame, FileDescriptor?, string?>> _pending = [];
    private readonly PosixSignalRegistration _interrupt;
    private ScoreboardPage? _page;
    private long _sequence;
    private volatile bool _leaving;
    private bool _killing;
    private bool _ready;

    private WorkerRole(FileDescriptor socket, int id, int generation, int maxMessageSize, int maxSentSize, ChannelSerialization serialization)
    {
        _dispatcher = new Dispatcher(_loop);
        Worker = new ClusterWorker(this, id);
        Context = new WorkerContext(id, generation, _dispatcher, Worker.RaiseContextChanged, () => _loop.Post(Resign));
        _channel = new Channel(_loop, socket, this, maxMessageSize, $"the channel of worker {id} to its primary", serialization: serialization) { MaxSentSize = maxSentSize };
        Messenger = new Messenger(_loop, _dispatcher, _channel, this, InheritedChannel.MaxKeptMessages);

        // Ctrl+C goes to the whole foreground group. The primary hears it too, and asks the workers to leave; dying of it would drop connections.
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel |= IsConnected);
    }

    internal ClusterWorker Worker { get; }

    internal Messenger Messenger { get; }

    internal WorkerContext Context { get; }

    internal RequestHandlers<ClusterWorker> RequestHandlers { get; } = new();

    internal bool IsConnected => _channel.IsConnected;

    internal bool IsLeaving => _leaving;

    public bool HasMessageListener => Worker.HasMessageListener;

    /// <summary>Connects to the primary if the environment says that there is one, and removes what says so: our children are not its workers.</summary>
    /// <returns>Null in a process that is no worker.</returns>
    /// <exception cref="InvalidOperationException">The environment is that of a worker, but cannot be used.</exception>
    internal static WorkerRole? Connect(InheritedChannel channel)
    {
        var id = Environment.GetEnvironmentVariable(WorkerEnvironment.UniqueId);
        if (id is null)
        {
            return null;
        }

        Environment.SetEnvironmentVariable(WorkerEnvironment.UniqueId, null);
        var generation = Environment.GetEnvironmentVariable(WorkerEnvironment.Generation);
        Environment.SetEnvironmentVariable(WorkerEnvironment.Generation, null);
        FairShare.RemoveFromEnvironment();
        if (Environment.GetEnvironmentVariable(WorkerEnvironment.PoolSpinning) == WorkerEnvironment.NoSpinning)
        {
            Environment.SetEnvironmentVariable(WorkerEnvironment.PoolSpinning, null);

            // The pool asks when it is first used: either it has seen the variable already, or it sees this.
            AppContext.SetData(WorkerEnvironment.PoolSpinningProperty, 0);
        }

        var (serialization, maxMessageSize) = (channel.Serialization, channel.MaxMessageSize);
        var role = new WorkerRole(channel.Adopt($"{WorkerEnvironment.UniqueId} says that this process is a worker"), Number(id), Number(generation), maxMessageSize, channel.MaxSentSize, serialization);
        role._loop.Post(role.GoOnline);
        return role;
    }

    public void OnMessage(string? command, ReadOnlySpan<byte> body, ValueFormat format, FileDescriptor? handle, string? handleType)
    {
        switch (command)
        {
            case null:
                Messenger.OnMessage(body, format, handle);
                return;
            case NodeCommand.Cluster:
                OnClusterMessage(ClusterFrame.Read(body), handle, handleType);
                return;
            case NodeCommand.Prefork:
                Messenger.OnPreforkMessage(body, this);
                break;
            case NodeCommand.SocketGetCount or NodeCommand.SocketNotifyClose:
                _channel.Send(SocketListReply.To(command, body));
                break;
        }

        handle?.Dispose();
    }

    public void OnClosed(Exception? reason)
    {
        Messenger.OnClosed(reason);
        if (reason is not null)
        {
            _dispatcher.Post(() => Worker.RaiseError(reason));
        }

        // Nobody can be told any more; if the primary lives, it sees this process end.
        Context.StepDown();
        var exits = _killing || (!_leaving && Worker.ExitOnDisconnect);
        AbandonListeners();
        var why = reason is null ? null
            : $"prefork: worker {Worker.Id} (pid {Environment.ProcessId}) has closed its channel to the primary{(exits ? " and ends" : "")}. {reason.Message}";
        if (!exits)
        {
            _dispatcher.Post(() => RaiseEnd([]));
            StandardError.SayLater(why);
            return;
        }

        // Sockets that others share go with the process, at the latest: no orphan holds a port.
        var shared = Datagrams();
        var exit = new ForcedExit(reason is null || _killing ? 0 : OffenceExitCode, why);
        _dispatcher.Post(() =>
        {
            RaiseEnd(shared);
            exit.HandlersDone();
        });
        exit.Begin();
    }

    /// <summary>Says why to a primary of ours, which cannot know; Node's ignores it.</summary>
    public ReadOnlySpan<byte> LastWord(Exception offence) => OffenceMessage.ToLine(offence.Message);

    /// <summary>In this order: whoever receives from a socket sees by the token why it is closed. By the dispatcher.</summary>
    private void RaiseEnd(Socket[] shared)
    {
        Leave(shared);
        Worker.RaiseDisconnected();
    }

    public void RaiseMessage(ClusterMessage message) => Worker.RaiseMessage(message);

    public void RaiseError(Exception exception) => Worker.RaiseError(exception);

    public ValueTask<Action<LineWriter>> AnswerAsync(PreforkFrame frame, CancellationToken cancellation)
        => RequestHandlers.HandleAsync(Worker, frame.Name, frame.Body, cancellation);

    public void OnControl(PreforkFrame frame)
    {
        switch (frame.Act)
        {
            case "message":
                Messenger.OnRelayed(frame);
                break;
            case ContextMessage.Act:
                Context.Set(ContextMessage.Read(frame.Body));
                break;
            case PingMessage.Act:
                // From the thread pool: when that does not come round, this worker does not work.
                ThreadPool.UnsafeQueueUserWorkItem(id => _loop.Post(() => _channel.Send(PingMessage.Answer(id))), frame.Id, preferLocal: false);
                break;
        }
    }

    /// <summary>Any thread.</summary>
    internal void SetReady() => _loop.Post(() =>
    {
        if (!_ready && _channel.IsConnected)
        {
            _ready = true;
            _channel.Send(ReadyMessage.ToLine());
        }
    });

    /// <summary>Any thread.</summary>
    internal void ExpectReady(string? waitsFor) => _loop.Post(() =>
    {
        if (_channel.IsConnected && !_ready)
        {
            _channel.Send(ReadyMessage.Expectation(waitsFor));
        }
    });

    internal void CountRequest() => _page?.CountRequest();

    /// <summary>Any thread.</summary>
    internal void Leave(bool announce) => _loop.Post(() => LeaveOnLoop(announce));

    /// <summary>Any thread.</summary>
    internal void Kill() => _loop.Post(() =>
    {
        if (!_channel.IsConnected)
        {
            var exit = new ForcedExit(0);
            exit.HandlersDone();
            exit.Begin();
            return;
        }

        if (!_killing)
        {
            _killing = true;
            _leaving = true;
            Announce();
        }
    });

    private static int Number(string? text) => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private long NextSequence() => Interlocked.Increment(ref _sequence) - 1;

    private void GoOnline()
    {
        _channel.Open();
        var writer = LineWriter.StartCluster();
        writer.Json.WriteString("act"u8, "online"u8);
        writer.Json.WriteStartObject("prefork"u8);
        writer.Json.WriteNumber("version"u8, ScoreboardPage.Version);
        writer.Json.WriteEndObject();
        _channel.Send(writer.EndCluster(NextSequence()));
    }

    private void OnClusterMessage(ClusterFrame frame, FileDescriptor? handle, string? handleType)
    {
        if (frame.Ack is { } ack && _pending.Remove(ack, out var complete))
        {
            complete(frame, handle, handleType);
            return;
        }

        switch (frame.Act)
        {
            case "newconn" when handle is not null:
                OnNewConnection(frame, handle);
                return;
            case "disconnect":
                LeaveOnLoop(announce: false);
                break;
            case "scoreboard" when handle is not null && handleType == HandleType.Scoreboard:
                _page = ScoreboardPage.Map(handle);
                break;
        }

        handle?.Dispose();
    }

    private void LeaveOnLoop(bool announce)
    {
        if (_leaving || !_channel.IsConnected)
        {
            return;
        }

        _leaving = true;
        Context.StepDown();
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var shared = Datagrams();
        _dispatcher.Post(() =>
        {
            Leave(shared);
            told.SetResult();
        });

        // From a worker's own leave the primary has heard nothing yet: what waits in its lanes goes to the others.
        var drained = LeaveListeners(stopAtOnce: announce);
        _ = LeaveAsync(Task.WhenAll(told.Task, drained), announce);
    }

    private void Leave(Socket[] shared)
    {
        Worker.RaiseLeaving();
        foreach (var socket in shared)
        {
            socket.Dispose();
        }
    }

    /// <summary>The program is told, listeners end, then their connections, then the channel: 'disconnect' means that nothing is left.</summary>
    private async Task LeaveAsync(Task drained, bool announce)
    {
        await drained.ConfigureAwait(false);
        _loop.Post(() =>
        {
            if (announce && _channel.IsConnected)
            {
                Announce();
            }
            else
            {
                _channel.CloseWhenWritten();
            }
        });
    }

    /// <summary>"I leave of my own will": the channel closes when the primary has heard it.</summary>
    private void Announce()
    {
        var writer = LineWriter.StartCluster();
        writer.Json.WriteString("act"u8, "exitedAfterDisconnect"u8);
        var sequence = NextSequence();
        _pending.Add(sequence, (_, handle, _) =>
        {
            handle?.Dispose();
            _channel.CloseWhenWritten();
        });
        _channel.Send(writer.EndCluster(sequence));
    }

    private void Resign() => _channel.Send(ContextMessage.Resignation());
}
