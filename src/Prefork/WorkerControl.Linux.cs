using System.ComponentModel;
using System.Globalization;
using Prefork.Handles;
using Prefork.Ipc;
using Prefork.Native;
using Prefork.Processes;

namespace Prefork;

/// <summary>
/// A worker as the primary's loop sees it: its channel, its process, its listeners. Everything here happens on the loop,
/// except what says otherwise; <see cref="WorkerProcess"/> is what users see of it.
/// </summary>
/// <remarks>
/// A worker ends twice, in either order: its channel (end of file) and its process (pidfd). Whichever comes first, what it had not received
/// goes back to the others at once; 'disconnect' is raised before 'exit', each once; it is forgotten when both are over.
/// Closing: the channel's socket in Channel.Close, the pidfd in <see cref="OnProcessReadable"/>, the lanes in their acceptor.
/// </remarks>
internal sealed partial class WorkerControl : IChannelPeer, IPreforkPeer
{
    private readonly Primary _primary;
    private readonly ClusterSettings _settings;
    private readonly Dictionary<string, ListenHandle> _handles = [];
    private ProcessHandle? _process;
    private Channel? _channel;
    private long _processToken;
    private bool _channelOver;
    private bool _processOver;
    private bool _disconnectSent;

    internal WorkerControl(Primary primary, int id, int generation, ClusterSettings settings)
    {
        _primary = primary;
        _settings = settings;
        Id = id;
        Generation = generation;
        Worker = new WorkerProcess(this, id, settings.StartInRotation ? 1 : 0);
        SetShare(Worker.Share);
    }

    internal int Id { get; }

    internal WorkerProcess Worker { get; }

    /// <summary>Set before <see cref="Start"/> returns, and so before anybody else has the worker; null when it did not start.</summary>
    internal Messenger? Messenger { get; private set; }

    internal RequestHandlers<WorkerProcess> RequestHandlers => _primary.RequestHandlers;

    /// <summary>Read on any thread.</summary>
    internal bool IsConnected => _channel?.IsConnected ?? false;

    public bool HasMessageListener => Worker.HasMessageListener || Cluster.HasMessageListener;

    /// <summary>Starts the process. A failure to start is reported as an event, as in Node: the worker then ends without exit.</summary>
    internal void Start(Dictionary<string, string> environment, string[] inspectArguments, bool ownGroup)
    {
        var stdio = new WorkerStdio(_settings);
        try
        {
            stdio.Open();
            environment[WorkerEnvironment.ChannelDescriptor] = stdio.ChannelNumber.ToString(CultureInfo.InvariantCulture);
            var command = UserChange.Wrap(
                ProgramCommand.Create(_settings.Exec!, [.. _settings.ExecArguments!, .. inspectArguments], _settings.Arguments!, _settings.WorkingDirectory),
                _settings.UserId,
                _settings.GroupId);
            var pid = Spawner.Start(command, environment.Select(variable => $"{variable.Key}={variable.Value}"), _settings.WorkingDirectory, stdio.ChildEnds, ownGroup);
            _process = new ProcessHandle(pid);
        }
        catch (Exception exception) when (exception is Win32Exception or IOException)
        {
            stdio.Dispose();
            Worker.Process = new ChildProcess(null, []);
            _primary.Loop.Post(() => FailStart(exception));
            return;
        }
        catch
        {
            stdio.Dispose();
            throw;
        }

        // The child has its ends; only it may hold them, or its death would go unseen.
        stdio.CloseChildEnds();
        Worker.Process = new ChildProcess(_process, stdio.TakeStreams());
        _channel = new Channel(_primary.Loop, stdio.TakeChannel(), this, _settings.MaxMessageSize, $"the channel of worker {Id} (pid {_process.Pid})", holdBack: true, _settings.Serialization);
        Messenger = new Messenger(_primary.Loop, _primary.Dispatcher, _channel, this, _settings.MaxKeptMessages);
        _processToken = _primary.Loop.Watch(_process.Descriptor, Linux.EPOLLIN, _ => OnProcessReadable());
        _channel.Open();
    }

    /// <summary>
    /// Asks the worker to leave, and gives it nothing more from now on. Harmless when it has left or is leaving. One that has lost its channel
    /// and lives on hears nothing but signals.
    /// </summary>
    internal void Disconnect()
    {
        if (_channelOver)
        {
            if (!_processOver && !Worker.IsAskedToLeave)
            {
                Worker.SetAskedToLeave();
                Terminate();
            }

            return;
        }

        Worker.SetAskedToLeave();
        if (!_disconnectSent)
        {
            _disconnectSent = true;
            _channel?.Send(ClusterReplies.Disconnect(_primary.NextSequence()));
            LeaveHandles();
            StandDown();
        }
    }

    private void Terminate()
    {
        try
        {
            _ = Kill(Signal.SIGTERM);
        }
        catch (Win32Exception exception)
        {
            // It has become another user's.
            _primary.Dispatcher.Post(() => Worker.RaiseError(exception));
        }
    }

    /// <summary>Closes the channel for an offence; the process, if it still works, sees an end of file.</summary>
    internal void CutOff(ClusterProtocolException offence) => _channel?.Close(offence);

    /// <summary>Any thread: forwards to the kernel; a process that is gone is no error.</summary>
    internal bool Kill(Signal signal) => Worker.Process.Kill(signal);

    /// <summary>Any thread. It counts as asked from now on, not from when the loop comes to it: whoever asks may look.</summary>
    internal void PostDisconnect()
    {
        if (IsConnected)
        {
            Worker.SetAskedToLeave();
        }

        _primary.Loop.Post(Disconnect);
    }

    public void RaiseMessage(ClusterMessage message) => Worker.RaiseMessage(message);

    public void RaiseError(Exception exception) => Worker.RaiseError(exception);

    public void OnClosed(Exception? reason)
    {
        _channelOver = true;
        ReturnUnanswered();
        FailPings();
        RemoveFromHandles();
        Messenger!.OnClosed(reason);
        if (reason is not null)
        {
            _primary.Dispatcher.Post(() => Worker.RaiseError(reason));
        }

        StandDown();
        Forget();
        _primary.Dispatcher.Post(Worker.RaiseDisconnected);
        _primary.ReleaseIfEmpty();
    }

    private void OnProcessReadable()
    {
        if (!_process!.TryReap(out var code, out var signal))
        {
            return;
        }

        _primary.Loop.Unwatch(_process.Descriptor, _processToken);
        _process.Dispose();

        // What the worker said last is still in the socket, and comes before its end.
        _channel!.Drain();
        _processOver = true;
        var exit = new WorkerExit(code, signal, Worker.ExitedAfterDisconnect ?? false);
        Worker.Process.Exit = exit;

        // Here and not with the channel: a process without a channel may still be at what only the leader may do.
        LetGoOfLeadership();
        Forget();
        _primary.Dispatcher.Post(() =>
        {
            Worker.RaiseExited(exit);
            Messenger!.CloseKeptSockets();
        });
        _primary.ReleaseIfEmpty();
    }

    private void FailStart(Exception exception)
    {
        _channelOver = _processOver = true;
        _primary.Dispatcher.Post(() => Worker.RaiseError(exception));
        LetGoOfLeadership();
        Forget();
        _primary.Dispatcher.Post(() => Worker.RaiseNeverStarted(exception));
        _primary.ReleaseIfEmpty();
    }

    private void Forget()
    {
        if (_channelOver && _processOver)
        {
            _primary.Forget(this);
        }
    }

    private void LeaveHandles()
    {
        Worker.Listeners = [];
        foreach (var handle in _handles.Values)
        {
            if (handle.Leave(Id))
            {
                _primary.Handles.Release(handle, Grace(asked: true));
            }
        }
    }

    /// <summary>How long a listener may wait for another worker. Nobody is expected after the last one that left as it was told, unless a supervisor is at work.</summary>
    private TimeSpan Grace(bool asked) => asked && !_primary.ExpectsReplacements ? TimeSpan.Zero : _settings.ListenerGracePeriod;

    private void RemoveFromHandles()
    {
        Worker.Listeners = [];
        var grace = Grace(Worker.IsAskedToLeave);
        foreach (var handle in _handles.Values)
        {
            handle.Remove(Id);
            _primary.Handles.Release(handle, grace);
        }

        _handles.Clear();
    }
}
