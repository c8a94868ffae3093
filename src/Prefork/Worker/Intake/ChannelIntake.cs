using Prefork.Native;

namespace Prefork.Worker.Intake;

/// <summary>
/// Connections one by one over the channel, each to be answered: how a Node primary hands over.
/// A connection is accepted when the program takes it, so a program that does not is given no more.
/// </summary>
internal sealed class ChannelIntake(OpenConnections open, Action<long, bool> answer, Action onStopped) : ConnectionIntake
{
    private readonly Lock _lock = new();
    private readonly Queue<(FileDescriptor Connection, long Sequence)> _waiting = new();
    private TaskCompletionSource<ClusterConnectionHandle?>? _accept;
    private bool _stopped;

    internal void OnConnection(FileDescriptor connection, long sequence)
    {
        TaskCompletionSource<ClusterConnectionHandle?>? accept;
        lock (_lock)
        {
            if (_stopped)
            {
                connection.Dispose();
                answer(sequence, false);
                return;
            }

            accept = _accept;
            _accept = null;
            if (accept is null)
            {
                _waiting.Enqueue((connection, sequence));
                return;
            }
        }

        // Whoever takes the accept out of the field completes it, so it cannot have been cancelled.
        accept.SetResult(Take(connection, sequence));
    }

    internal override ValueTask<ClusterConnectionHandle?> AcceptAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_accept is { Task.IsCompleted: false })
            {
                throw new InvalidOperationException("An accept is pending already: one at a time.");
            }

            if (_waiting.TryDequeue(out var next))
            {
                return ValueTask.FromResult<ClusterConnectionHandle?>(Take(next.Connection, next.Sequence));
            }

            if (_stopped)
            {
                return ValueTask.FromResult<ClusterConnectionHandle?>(null);
            }

            var accept = _accept = new TaskCompletionSource<ClusterConnectionHandle?>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!cancellation.CanBeCanceled)
            {
                return new ValueTask<ClusterConnectionHandle?>(accept.Task);
            }

            return new ValueTask<ClusterConnectionHandle?>(WaitAsync(accept, cancellation));
        }
    }

    internal override void Leave() => Stop();

    internal override void Stop()
    {
        TaskCompletionSource<ClusterConnectionHandle?>? accept;
        lock (_lock)
        {
            if (_stopped)
            {
                return;
            }

            _stopped = true;
            accept = _accept;
            _accept = null;
            while (_waiting.TryDequeue(out var next))
            {
                // Declined: the primary still has its copy, and gives it to another.
                next.Connection.Dispose();
                answer(next.Sequence, false);
            }
        }

        open.CloseListener();
        onStopped();
        accept?.TrySetResult(null);
    }

    internal override void Close() => Stop();

    private async Task<ClusterConnectionHandle?> WaitAsync(TaskCompletionSource<ClusterConnectionHandle?> accept, CancellationToken cancellation)
    {
        using var registration = cancellation.UnsafeRegister(_ =>
        {
            lock (_lock)
            {
                if (_accept == accept)
                {
                    _accept = null;
                    accept.TrySetCanceled(cancellation);
                }
            }
        }, null);
        return await accept.Task.ConfigureAwait(false);
    }

    private ClusterConnectionHandle Take(FileDescriptor connection, long sequence)
    {
        answer(sequence, true);
        return new ClusterConnectionHandle(connection.Release(), open);
    }
}
