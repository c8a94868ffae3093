using System.Threading.Tasks.Sources;
using Prefork.Loop;
using Prefork.Native;

namespace Prefork.Worker.Intake;

/// <summary>
/// A listener's thread in a worker. It receives only when somebody waits for a connection, so that what the program does not take
/// stays with the primary or the kernel, for others to have. The waiter goes on on this thread: no hop to the pool for each connection.
/// </summary>
/// <remarks>
/// The thread alone reads the source and, at its end, closes it; everybody else sets a flag and wakes it.
/// A connection belongs to this intake from receive to delivery; those undelivered at <see cref="Close"/> are closed there.
/// If the worker dies, the kernel closes both.
/// </remarks>
internal abstract class DescriptorIntake : ConnectionIntake, IValueTaskSource<ClusterConnectionHandle?>
{
    internal const int ExhaustedPause = 50;
    protected const int Nothing = -1;
    protected const int Exhausted = -2;
    protected const int AtEnd = -3;

    private const int LeaveCheckInterval = 20;

    /// <summary>How long one that leaves waits for a descriptor, or goes on accepting what is everybody's.</summary>
    protected const int LeavePatience = 1000;

    private readonly FileDescriptor _source;
    private readonly OpenConnections _open;
    private readonly Action _onStopped;
    private readonly WakeEvent _wake = new();
    private readonly Lock _lock = new();
    private readonly Queue<int> _ready = new();
    private readonly Thread _thread;
    private ManualResetValueTaskSourceCore<ClusterConnectionHandle?> _accept = new() { RunContinuationsAsynchronously = false };
    private CancellationTokenRegistration _cancellation;
    private readonly TaskCompletionSource _hasStopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _wanted;
    private volatile bool _leaving;
    private volatile bool _stopping;
    private bool _stopped;
    private bool _closed;

    /// <summary>Takes ownership of <paramref name="source"/>. <paramref name="onStopped"/> is called once, when the thread will never receive again.</summary>
    protected DescriptorIntake(FileDescriptor source, OpenConnections open, string name, Action onStopped)
    {
        _source = source;
        _open = open;
        _onStopped = onStopped;
        _thread = new Thread(Run) { IsBackground = true, Name = $"prefork intake {name}" };
    }

    protected int Source => _source.Number;

    internal override Task Stopped => _hasStopped.Task;

    internal void Start() => _thread.UnsafeStart();

    internal override ValueTask<ClusterConnectionHandle?> AcceptAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_wanted)
            {
                throw new InvalidOperationException("An accept is pending already: one at a time.");
            }

            if (_ready.TryDequeue(out var connection))
            {
                return ValueTask.FromResult<ClusterConnectionHandle?>(Wrap(connection));
            }

            if (_stopped)
            {
                return ValueTask.FromResult<ClusterConnectionHandle?>(null);
            }

            cancellation.ThrowIfCancellationRequested();
            _accept.Reset();
            _wanted = true;
            if (cancellation.CanBeCanceled)
            {
                var version = _accept.Version;
                _cancellation = cancellation.UnsafeRegister((_, token) => Cancel(version, token), null);
            }
        }

        if (Thread.CurrentThread != _thread)
        {
            _wake.Set();
        }

        return new ValueTask<ClusterConnectionHandle?>(this, _accept.Version);
    }

    internal override void Leave()
    {
        _leaving = true;
        _wake.Set();
    }

    internal override void Stop()
    {
        _stopping = true;
        _wake.Set();
    }

    internal override void Close()
    {
        lock (_lock)
        {
            _closed = true;
            CloseReady();
        }

        Stop();
    }

    ClusterConnectionHandle? IValueTaskSource<ClusterConnectionHandle?>.GetResult(short token) => _accept.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ClusterConnectionHandle?>.GetStatus(short token) => _accept.GetStatus(token);

    void IValueTaskSource<ClusterConnectionHandle?>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _accept.OnCompleted(continuation, state, token, flags);

    /// <summary>Receives one connection without waiting: its descriptor, or <see cref="Nothing"/>, <see cref="Exhausted"/> or <see cref="AtEnd"/>.</summary>
    protected abstract int Receive();

    /// <summary>While leaving: whether there is nothing left to deliver.</summary>
    protected abstract bool IsAtEnd();

    private void Run()
    {
        long? exhaustedSince = null;
        while (!_stopping)
        {
            if (!IsWanted)
            {
                if (_leaving && IsAtEnd())
                {
                    break;
                }

                Wait(forSource: false, _leaving ? LeaveCheckInterval : -1);
                continue;
            }

            // Read without a number free for it, a lane's connection would be lost: the kernel closes it. Asking costs half a microsecond.
            var connection = DescriptorHeadroom.HasForConnection(_source) ? Receive() : Exhausted;
            exhaustedSince = connection == Exhausted ? exhaustedSince ?? Environment.TickCount64 : null;
            switch (connection)
            {
                case AtEnd:
                    _stopping = true;
                    break;
                case Nothing or Exhausted when _leaving && IsAtEnd():
                    _stopping = true;
                    break;
                case Exhausted when _leaving && Environment.TickCount64 - exhaustedSince >= LeavePatience:
                    // Its clients may keep all descriptors until they are told that it leaves, which comes after this. The rest is taken back by the primary.
                    _stopping = true;
                    break;
                case Nothing:
                    Wait(forSource: true, -1);
                    break;
                case Exhausted:
                    Wait(forSource: false, ExhaustedPause);
                    break;
                default:
                    Deliver(connection);
                    break;
            }
        }

        End();
    }

    private bool IsWanted
    {
        get
        {
            lock (_lock)
            {
                return _wanted;
            }
        }
    }

    private void Deliver(int connection)
    {
        ClusterConnectionHandle handle;
        lock (_lock)
        {
            if (!_wanted)
            {
                // The accept was cancelled in this instant: the next one gets it.
                _ready.Enqueue(connection);
                if (_closed)
                {
                    CloseReady();
                }

                return;
            }

            _wanted = false;
            handle = Wrap(connection);
        }

        _cancellation.Unregister();
        Complete(handle);
    }

    /// <summary>What waits for the accept goes on here, and may throw.</summary>
    private void Complete(ClusterConnectionHandle? connection)
    {
        try
        {
            _accept.SetResult(connection);
        }
        catch (Exception exception) when (UserCode.IsHandled(exception))
        {
        }
    }

    private void End()
    {
        bool wanted;
        lock (_lock)
        {
            _stopped = true;
            wanted = _wanted && _ready.Count == 0;
            _wanted &= !wanted;
        }

        // The only reader is done, so the source may close; for a lane, the primary still holds its duplicate and takes back what is left.
        _source.Dispose();
        _open.CloseListener();
        _onStopped();
        _hasStopped.TrySetResult();
        if (wanted)
        {
            _cancellation.Unregister();
            Complete(null);
        }

        // Whoever still sets it finds it closed, which is as good.
        _wake.Dispose();
    }

    /// <summary>A callback may come late: then it is another accept's turn, and not this token's to end.</summary>
    private void Cancel(short version, CancellationToken token)
    {
        lock (_lock)
        {
            if (!_wanted || _accept.Version != version)
            {
                return;
            }

            _wanted = false;
        }

        _accept.SetException(new OperationCanceledException(token));
    }

    private ClusterConnectionHandle Wrap(int connection) => new(connection, _open);

    private void CloseReady()
    {
        while (_ready.TryDequeue(out var connection))
        {
            _ = Libc.Close(connection);
        }
    }

    private unsafe void Wait(bool forSource, int timeout)
    {
        var descriptors = stackalloc PollFd[2];
        descriptors[0] = new PollFd { Descriptor = _wake.Descriptor.Number, Events = Linux.POLLIN };
        descriptors[1] = new PollFd { Descriptor = Source, Events = Linux.POLLIN };
        if (Libc.Poll(descriptors, forSource ? 2u : 1u, timeout) > 0 && descriptors[0].Returned != 0)
        {
            _wake.Reset();
        }
    }
}
