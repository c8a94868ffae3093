using Prefork.Loop;

namespace Prefork.Primary;

/// <summary>A primary's events. They are there before the primary is, so that handlers can be added in a process that may never fork.</summary>
internal sealed class PrimaryEvents
{
    private readonly Lock _changing = new();
    private EventHandler<WorkerMessageEventArgs>? _messageReceived;

    internal event EventHandler<WorkerEventArgs>? Forked;

    internal event EventHandler<WorkerEventArgs>? Online;

    internal event EventHandler<WorkerListeningEventArgs>? Listening;

    internal event EventHandler<WorkerListenFailedEventArgs>? ListenFailed;

    internal event EventHandler<WorkerEventArgs>? Ready;

    internal event EventHandler<WorkerEventArgs>? Disconnected;

    internal event EventHandler<WorkerExitedEventArgs>? Exited;

    internal event EventHandler<ClusterSetUpEventArgs>? SetUp;

    internal event EventHandler<WorkerErrorEventArgs>? Error;

    /// <summary>Messages are kept until somebody listens.</summary>
    internal bool HasMessageListener => _messageReceived is not null;

    internal void AddMessageListener(EventHandler<WorkerMessageEventArgs>? handler)
    {
        lock (_changing)
        {
            _messageReceived += handler;
        }
    }

    internal void RemoveMessageListener(EventHandler<WorkerMessageEventArgs>? handler)
    {
        lock (_changing)
        {
            _messageReceived -= handler;
        }
    }

    internal void RaiseForked(WorkerEventArgs args) => UserCode.Raise(Forked, null, args);

    internal void RaiseOnline(WorkerEventArgs args) => UserCode.Raise(Online, null, args);

    internal void RaiseListening(WorkerListeningEventArgs args) => UserCode.Raise(Listening, null, args);

    internal void RaiseListenFailed(WorkerListenFailedEventArgs args) => UserCode.Raise(ListenFailed, null, args);

    internal void RaiseReady(WorkerEventArgs args) => UserCode.Raise(Ready, null, args);

    internal void RaiseMessage(WorkerMessageEventArgs args) => UserCode.Raise(_messageReceived, null, args);

    internal void RaiseDisconnected(WorkerEventArgs args) => UserCode.Raise(Disconnected, null, args);

    internal void RaiseExited(WorkerExitedEventArgs args) => UserCode.Raise(Exited, null, args);

    internal void RaiseSetUp(ClusterSettings settings) => UserCode.Raise(SetUp, null, new ClusterSetUpEventArgs(settings));

    internal void RaiseError(WorkerErrorEventArgs args) => UserCode.Raise(Error, null, args);
}
