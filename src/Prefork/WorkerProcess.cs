using System.Net.Sockets;
using Prefork.Loop;
using Prefork.Primary;

namespace Prefork;

/// <summary>
/// A worker as its primary sees it: Node's <c>Worker</c> in the primary. Events come one at a time, in order, on a thread of the cluster's own;
/// those of the worker come before those of <see cref="Cluster"/>, except messages, which come after.
/// </summary>
public sealed partial class WorkerProcess
{
    private readonly WorkerControl _control;
    private readonly TaskCompletionSource _online = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ListeningAddress> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<WorkerExit> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EventHandler<WorkerMessageEventArgs>? _messageReceived;
    private volatile bool _askedToLeave;
    private volatile bool _ended;
    private volatile bool _leader;
    private volatile IReadOnlyList<ListeningAddress> _listeners = [];
    private volatile ListenFailure? _listenFailure;

    internal WorkerProcess(WorkerControl control, int id, double share)
    {
        _control = control;
        Id = id;
        Share = share;

        // Who does not wait for these must not be told that nobody did.
        _ = _online.Task.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
        _ = _listening.Task.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
        _ = _ready.Task.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
        _ = _exited.Task.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
    }

    /// <summary>The worker's code runs.</summary>
    public event EventHandler<WorkerEventArgs>? Online;

    /// <summary>A listener of the worker's is open. Once for each.</summary>
    public event EventHandler<WorkerListeningEventArgs>? Listening;

    /// <summary>The worker asked to listen, and could not; see <see cref="Cluster.ListenFailed"/>.</summary>
    public event EventHandler<WorkerListenFailedEventArgs>? ListenFailed;

    /// <summary>
    /// The worker says that it may be given traffic (<see cref="ClusterWorker.SetReady"/>). Once. A program that never says so, such as one of Node's,
    /// is as ready as it will be when it listens.
    /// </summary>
    public event EventHandler<WorkerEventArgs>? Ready;

    /// <summary>
    /// A message of the worker's. Messages that come while nobody listens here or on <see cref="Cluster.MessageReceived"/> are kept
    /// (<see cref="ClusterSettings.MaxKeptMessages"/>) and delivered to the first who does.
    /// </summary>
    public event EventHandler<WorkerMessageEventArgs>? MessageReceived
    {
        add
        {
            lock (_online)
            {
                _messageReceived += value;
            }

            DeliverKept();
        }

        remove
        {
            lock (_online)
            {
                _messageReceived -= value;
            }
        }
    }

    /// <summary>The channel is closed. Always comes, once, and before <see cref="Exited"/>.</summary>
    public event EventHandler<WorkerEventArgs>? Disconnected;

    /// <summary>The process has ended. Does not come for a worker that could not be started.</summary>
    public event EventHandler<WorkerExitedEventArgs>? Exited;

    /// <summary>The worker could not be started, or broke the protocol and was cut off.</summary>
    public event EventHandler<WorkerErrorEventArgs>? Error;

    /// <summary>1, 2, 3 and so on in the order of forking; never used twice.</summary>
    public int Id { get; }

    /// <summary>The process.</summary>
    public ChildProcess Process { get; internal set; } = null!;

    /// <summary>How far it is.</summary>
    public WorkerState State { get; private set; }

    /// <summary>
    /// Whether it left because it was asked to: true from <see cref="Disconnect"/>, or from the worker's own announcement, on;
    /// false once it has ended without; null before.
    /// </summary>
    public bool? ExitedAfterDisconnect => _askedToLeave ? true : _ended ? false : null;

    /// <summary>Why it could not listen, the last time; null when it never failed, or has listened since.</summary>
    public ListenFailure? ListenFailure
    {
        get => _listenFailure;

        // By the primary's loop, in the order of what the worker asked for: events come later, and not each failure is one.
        internal set => _listenFailure = value;
    }

    /// <summary>Whether the channel is open.</summary>
    public bool IsConnected => _control.IsConnected;

    /// <summary>
    /// Whether this worker leads the cluster: one at most does, until it has given that up or its process has ended.
    /// </summary>
    public bool IsLeader
    {
        get => _leader;
        internal set => _leader = value;
    }

    /// <summary>Which generation of workers this one is of: <c>PREFORK_GENERATION</c> in the environment of its fork.</summary>
    /// <remarks>Default: 0.</remarks>
    public int Generation => _control.Generation;

    /// <summary>Whether the worker has said that it may be given traffic.</summary>
    public bool IsReady { get; private set; }

    /// <summary>
    /// Whether the worker has said beforehand that it will say when it is ready, as a host with <c>UseCluster</c> does: then it is not ready when it only listens.
    /// </summary>
    public bool SaysReady { get; internal set; }

    /// <summary>What the worker says that it waits for before it is ready (<see cref="ClusterWorker.ExpectReady(string)"/>); null when it has not said.</summary>
    public string? WaitsFor { get; internal set; }

    /// <summary>
    /// Connections that it holds open, as it says itself. Null when that is not known: a worker that is not online yet, or one of Node's, which says it only
    /// when the <c>prefork</c> command runs it.
    /// </summary>
    public long? OpenConnections => _control.OpenConnections;

    /// <summary>
    /// Requests that it has begun to serve, as it says itself. Null when that is not known: as with <see cref="OpenConnections"/>, and when a program that does not use
    /// <c>UseCluster</c> has counted none (<see cref="ClusterWorker.CountRequest"/>).
    /// </summary>
    public long? Requests => _control.Requests;

    /// <summary>Whether it gets new connections, as far as its primary has a say in that (<see cref="ClusterSettings.StartInRotation"/>).</summary>
    public bool IsInRotation => Share > 0 && !_askedToLeave && !_ended;

    /// <summary>
    /// Which part of the connections it gets: 1 for what the scheduling policy gives it, 0 for none, and between for exactly that part of all that
    /// come in, as long as it has room for them.
    /// </summary>
    public double Share { get; private set; }

    /// <summary>Whether the process has ended, or could not be started.</summary>
    public bool IsDead => Process.IsOver;

    internal WorkerControl Control => _control;

    /// <summary>The slot that a supervisor has given it.</summary>
    internal int Index { get; set; }

    internal bool IsAskedToLeave => _askedToLeave;

    internal bool HasMessageListener => _messageReceived is not null;

    /// <summary>
    /// Asks the worker to leave: it gets no new connections from now on, serves those it has, closes its channel and exits.
    /// Returns at once; harmless when it has left already. A worker that has lost its channel unasked and lives on gets a SIGTERM, once: it hears nothing else.
    /// Node's <c>worker.disconnect()</c>.
    /// </summary>
    public void Disconnect() => _control.PostDisconnect();

    /// <summary>
    /// Gives the worker connections from now on, on all its listeners: what the scheduling policy finds for it, or <paramref name="share"/> of all that come in.
    /// </summary>
    /// <param name="share">Above 0 and at most 1; 1 leaves it to the policy.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is not.</exception>
    public void EnterRotation(double share = 1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(share, 0);
        SetShare(share);
    }

    /// <summary>
    /// Gives the worker no new connections from now on. It keeps those that it has, stays as it is, and may enter again. When no worker
    /// is in rotation, connections wait in the kernel's backlog.
    /// </summary>
    public void LeaveRotation() => SetShare(0);

    /// <summary>
    /// Connects to this worker past the scheduling policy, in rotation or not: for a look at its health, before clients come. The worker sees a connection
    /// from the loopback.
    /// </summary>
    /// <param name="listener">Which of its listeners; null for the first.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The client's end, which the caller disposes. It reads an end of file when the worker could not take the connection.</returns>
    /// <exception cref="InvalidOperationException">The worker has no such listener, leaves, or accepts by itself (<see cref="SchedulingPolicy.Shared"/>).</exception>
    public Task<Socket> ConnectAsync(ListeningAddress? listener = null, CancellationToken cancellationToken = default)
        => _control.ConnectAsync(listener, cancellationToken);

    /// <summary>
    /// Asks whether the worker still works: ends when its thread pool, or a Node worker's event loop, has come to answer. A worker that is busy
    /// answers late, one that hangs never.
    /// </summary>
    /// <exception cref="ClusterChannelClosedException">The worker is not online yet, or is or gets disconnected.</exception>
    public Task PingAsync(CancellationToken cancellationToken = default) => _control.PingAsync(cancellationToken);

    /// <summary>Sends a signal now, without disconnecting first. Node's <c>worker.kill()</c>.</summary>
    /// <inheritdoc cref="ChildProcess.Kill"/>
    public bool Kill(Signal signal = Signal.SIGTERM) => Process.Kill(signal);

    /// <summary>
    /// Where the primary listens for this worker now, with the ports that it got; in no order. What a worker listens on by itself
    /// (<see cref="ListenOptions.Exclusive"/>, <see cref="ListenOptions.ReusePort"/>) is not among them.
    /// </summary>
    public IReadOnlyList<ListeningAddress> Listeners
    {
        get => _listeners;
        internal set => _listeners = value;
    }

    /// <summary>
    /// Ends when the worker's code runs, and the handlers of <see cref="Online"/> have returned, as an <c>async</c> one does at its first await. Unlike the
    /// event, it can be asked for at any time. A handler may await it, but not block on it.
    /// </summary>
    /// <exception cref="InvalidOperationException">The worker ended before it was online; the inner exception says why when it did not start.</exception>
    public Task WaitForOnlineAsync(CancellationToken cancellationToken = default) => _online.Task.WaitAsync(cancellationToken);

    /// <summary>Ends when the worker's first listener is open, and the handlers of <see cref="Listening"/> have returned.</summary>
    /// <exception cref="InvalidOperationException">The worker ended before it listened.</exception>
    public Task<ListeningAddress> WaitForListeningAsync(CancellationToken cancellationToken = default) => _listening.Task.WaitAsync(cancellationToken);

    /// <summary>Ends when the worker has said that it may be given traffic, and the handlers of <see cref="Ready"/> have returned.</summary>
    /// <exception cref="InvalidOperationException">The worker ended before it was ready.</exception>
    public Task WaitForReadyAsync(CancellationToken cancellationToken = default) => _ready.Task.WaitAsync(cancellationToken);

    /// <summary>Ends when the process has ended, and the handlers of <see cref="Exited"/> have returned.</summary>
    /// <exception cref="InvalidOperationException">The worker could not be started.</exception>
    public Task<WorkerExit> WaitForExitAsync(CancellationToken cancellationToken = default) => _exited.Task.WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public override string ToString() => $"worker {Id} (pid {Process.Id?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"}, {State})";

    internal void SetShare(double share)
    {
        Share = share;
        _control.PostShare(share);
    }

    internal void SetAskedToLeave() => _askedToLeave = true;

    internal void DeliverKept() => _control.Messenger?.DeliverKept();

    internal void RaiseOnline()
    {
        State = WorkerState.Online;
        var args = new WorkerEventArgs(this);
        UserCode.Raise(Online, this, args);
        _control.Events.RaiseOnline(args);
        _online.TrySetResult();
    }

    internal void RaiseListening(ListeningAddress address)
    {
        State = WorkerState.Listening;
        var args = new WorkerListeningEventArgs(this, address);
        UserCode.Raise(Listening, this, args);
        _control.Events.RaiseListening(args);
        _listening.TrySetResult(address);
    }

    internal void RaiseListenFailed(ListenFailure failure)
    {
        var args = new WorkerListenFailedEventArgs(this, failure);
        UserCode.Raise(ListenFailed, this, args);
        _control.Events.RaiseListenFailed(args);
    }

    internal void RaiseReady()
    {
        IsReady = true;
        var args = new WorkerEventArgs(this);
        UserCode.Raise(Ready, this, args);
        _control.Events.RaiseReady(args);
        _ready.TrySetResult();
    }

    internal void RaiseMessage(ClusterMessage message)
    {
        var args = new WorkerMessageEventArgs(this, message);
        _control.Events.RaiseMessage(args);
        UserCode.Raise(_messageReceived, this, args);
    }

    internal void RaiseError(Exception exception)
    {
        var args = new WorkerErrorEventArgs(this, exception);
        UserCode.Raise(Error, this, args);
        _control.Events.RaiseError(args);
    }

    internal void RaiseDisconnected()
    {
        _ended = true;
        State = WorkerState.Disconnected;
        var args = new WorkerEventArgs(this);
        UserCode.Raise(Disconnected, this, args);
        _control.Events.RaiseDisconnected(args);
    }

    internal void RaiseExited(WorkerExit exit)
    {
        _ended = true;
        State = WorkerState.Dead;
        var args = new WorkerExitedEventArgs(this, exit);
        UserCode.Raise(Exited, this, args);
        _control.Events.RaiseExited(args);
        var ended = new InvalidOperationException($"Worker {Id} ended by {exit} before that.");
        _online.TrySetException(ended);
        _listening.TrySetException(ended);
        _ready.TrySetException(ended);
        _exited.TrySetResult(exit);
    }

    internal void RaiseNeverStarted(Exception exception)
    {
        RaiseDisconnected();
        var failure = new InvalidOperationException($"Worker {Id} could not be started. {exception.Message}", exception);
        _online.TrySetException(failure);
        _listening.TrySetException(failure);
        _ready.TrySetException(failure);
        _exited.TrySetException(failure);
    }
}
