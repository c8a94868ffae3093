using System.ComponentModel;
using System.Globalization;
using Prefork.Messages;
using Prefork.Native;
using Prefork.Primary.Accept;
using Prefork.Processes;
using Prefork.Wire;

namespace Prefork.Primary;

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
    private readonly PrimaryRole _primary;
    private readonly ClusterSettings _settings;
    private readonly Dictionary<string, ListenHandle> _handles = [];
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ProcessHandle? _process;
    private Channel? _channel;
    private long _processToken;
    private bool _channelOver;
    private bool _processOver;
    private bool _disconnectSent;
    private bool _hasStarted;

    internal WorkerControl(PrimaryRole primary, int id, int generation, ClusterSettings settings)
    {
        _primary = primary;
        _settings = settings;
        _files = new BlockingShare(primary.Files);
        Id = id;
        Generation = generation;
        Worker = new WorkerProcess(this, id, settings.StartInRotation ? 1 : 0);
        SetShare(Worker.Share);
    }

    internal int Id { get; }

    internal WorkerProcess Worker { get; }

    /// <summary>Null before the process runs, and when it did not start.</summary>
    internal Messenger? Messenger { get; private set; }

    internal RequestHandlers<WorkerProcess> RequestHandlers => _primary.RequestHandlers;

    /// <summary>Read on any thread.</summary>
    internal bool IsConnected => _channel?.IsConnected ?? false;

    internal PrimaryEvents Events => _primary.Events;

    public bool HasMessageListener => Worker.HasMessageListener || Events.HasMessageListener;

    /// <summary>Ends when the process runs, or could not be started.</summary>
    internal Task Started => _started.Task;

    /// <summary>
    /// Starts the process, on another thread: its program and its folder are in file systems, which may not answer. A failure to start is reported as an event,
    /// as in Node: the worker then ends without exit.
    /// </summary>
    /// <param name="environment">The whole of it, but for the worker's share of the machine.</param>
    /// <param name="mentioned">The variables that the settings and the fork speak of.</param>
    /// <param name="inspectArguments">For Node.</param>
    /// <param name="ownGroup">Whether it leads a process group of its own.</param>
    /// <param name="starts">The threads for it.</param>
    internal void Start(Dictionary<string, string> environment, string[] mentioned, string[] inspectArguments, bool ownGroup, BlockingShare starts)
    {
        var stdio = new WorkerStdio(_settings);
        try
        {
            stdio.Open();
            Worker.Process = new ChildProcess(stdio.TakeStreams());
        }
        catch (Win32Exception exception)
        {
            stdio.Dispose();
            Worker.Process = new ChildProcess([]);
            _primary.Loop.Post(() => FailStart(exception));
            return;
        }
        catch
        {
            stdio.Dispose();
            throw;
        }

        environment[WorkerEnvironment.ChannelDescriptor] = stdio.ChannelNumber.ToString(CultureInfo.InvariantCulture);

        // One that runs after all when nobody waits for it is ended at once.
        _ = BlockingCall.StartAsync(
            starts.Run,
            () => Launch(stdio, environment, mentioned, inspectArguments, ownGroup),
            late: static process => process.End(),
            _settings.FileSystemTimeout,
            Worker.Process.Abandoned).ContinueWith(
                start => _primary.Loop.Post(() => OnStarted(start, stdio)), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Not on the loop.</summary>
    private ProcessHandle Launch(WorkerStdio stdio, Dictionary<string, string> environment, string[] mentioned, string[] inspectArguments, bool ownGroup)
    {
        FairShare.AddTo(environment, _settings, mentioned);
        var command = UserChange.Wrap(
            ProgramCommand.Create(_settings.Exec!, [.. _settings.ExecArguments!, .. inspectArguments], _settings.Arguments!, _settings.WorkingDirectory),
            _settings.UserId,
            _settings.GroupId);
        var pid = Spawner.Start(command, environment.Select(variable => $"{variable.Key}={variable.Value}"), _settings.WorkingDirectory, stdio.ChildEnds, ownGroup);
        return new ProcessHandle(pid) { StartTime = ProcessTable.Find(pid)?.Start };
    }

    private void OnStarted(Task<ProcessHandle> start, WorkerStdio stdio)
    {
        if (!start.IsCompletedSuccessfully)
        {
            stdio.Dispose();
            FailStart(start.Exception?.GetBaseException() switch
            {
                null => new InvalidOperationException($"Could not start {_settings.Exec}: it was killed before it ran."),
                TimeoutException => new TimeoutException($"Could not start {_settings.Exec}: the file system has not answered within {_settings.FileSystemTimeout.TotalSeconds:0.##} s."),
                var exception => exception,
            });
            return;
        }

        // The child has its ends; only it may hold them, or its death would go unseen.
        stdio.CloseChildEnds();
        _process = start.Result;
        _channel = new Channel(_primary.Loop, stdio.TakeChannel(), this, _settings.MaxMessageSize, $"the channel of worker {Id} (pid {_process.Pid})", holdBack: true, _settings.Serialization)
        {
            // A Node worker has no limit.
            MaxSentSize = ProgramCommand.IsNodeScript(_settings.Exec!) ? int.MaxValue : _settings.MaxMessageSize,
        };
        Messenger = new Messenger(_primary.Loop, _primary.Dispatcher, _channel, this, _settings.MaxKeptMessages);
        try
        {
            Worker.Process.SetStarted(_process);
        }
        catch (Win32Exception exception)
        {
            // It was sent a signal before it ran, and has become another user's.
            _primary.Dispatcher.Post(() => Worker.RaiseError(exception));
        }

        _processToken = _primary.Loop.Watch(_process.Descriptor, Linux.EPOLLIN, _ => OnProcessReadable());
        _channel.Open();
        SayForked();
        if (Worker.IsAskedToLeave)
        {
            Disconnect();
        }
    }

    /// <summary>Before anything else is said of it.</summary>
    private void SayForked()
    {
        _hasStarted = true;
        _primary.Dispatcher.Post(() => Events.RaiseForked(new WorkerEventArgs(Worker)));
        _started.SetResult();
    }

    /// <summary>
    /// Asks the worker to leave, and gives it nothing more from now on. Harmless when it has left or is leaving. One that has lost its channel
    /// and lives on hears nothing but signals.
    /// </summary>
    internal void Disconnect()
    {
        if (!_hasStarted)
        {
            // Told when it runs.
            Worker.SetAskedToLeave();
            return;
        }

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

        _primary.LookAtPaths(handle => _paths.Contains(handle.Key), _settings.FileSystemTimeout);

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
        Worker.Process.SetNeverStarted();
        SayForked();
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
