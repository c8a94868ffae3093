using Prefork.Loop;
using Prefork.Wire;

namespace Prefork.Worker;

/// <summary>
/// What this worker knows of its cluster, and its share in leading it.
/// </summary>
/// <remarks>
/// The promise of at most one leader has two halves. The primary's: it names the next only when the last has let go or is dead.
/// This one: "let go" is said once, when this worker is to step down and everybody who took the leadership has given it back.
/// Said too late it costs time, said too early the promise; so nothing here lets go on a guess.
/// </remarks>
internal sealed class WorkerContext(int workerId, int generation, Dispatcher dispatcher, Action changed, Action resign)
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _leading = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile int _count = 1;
    private volatile int _ofGeneration = 1;
    private volatile int _generation = generation;
    private volatile bool _leader;
    private volatile byte[] _secret = [];
    private bool _told;
    private bool _steppedDown;
    private bool _resigned;
    private int _holds;

    internal int WorkerCount => _count;

    internal int OfGeneration => _ofGeneration;

    internal int Generation => _generation;

    internal bool IsLeader => _leader;

    internal ReadOnlyMemory<byte> SharedSecret => _secret;

    /// <summary>The primary has said so. On the loop.</summary>
    internal void Set(ContextMessage context)
    {
        lock (_lock)
        {
            _told = true;
            _count = Math.Max(context.Workers, 1);
            _ofGeneration = Math.Max(context.OfGeneration, 1);
            _generation = context.Generation;
            _secret = context.Secret ?? _secret;

            // Named while the resignation was on its way: the primary reads it next, and names another.
            _leader |= context.Leader && !_steppedDown;
        }

        if (_leader)
        {
            _leading.TrySetResult();
        }

        dispatcher.Post(changed);
        ResignIfFree();
    }

    internal async Task<ClusterLeadership> WaitForLeadershipAsync(CancellationToken cancellation)
    {
        await _leading.Task.WaitAsync(cancellation).ConfigureAwait(false);
        lock (_lock)
        {
            if (_steppedDown)
            {
                throw Left();
            }

            _holds++;
        }

        return new ClusterLeadership(_ending.Token, GiveBack);
    }

    /// <summary>Any thread. This worker leads no more, and never will again; the primary hears it when all leaderships are given back.</summary>
    internal void StepDown()
    {
        lock (_lock)
        {
            if (_steppedDown)
            {
                return;
            }

            _steppedDown = true;
            _leader = false;
        }

        if (_leading.TrySetException(Left()))
        {
            _ = _leading.Task.Exception;
        }

        dispatcher.Post(() =>
        {
            UserCode.Cancel(_ending);
            changed();
        });
        ResignIfFree();
    }

    private void GiveBack()
    {
        lock (_lock)
        {
            _holds--;
        }

        ResignIfFree();
    }

    private void ResignIfFree()
    {
        lock (_lock)
        {
            // A primary that never speaks of a leader is Node's, and has nothing to hear.
            if (!_told || !_steppedDown || _holds > 0 || _resigned)
            {
                return;
            }

            _resigned = true;
        }

        resign();
    }

    private ClusterChannelClosedException Left() => new($"Worker {workerId} is leaving, has resigned, or has lost its primary: it will not lead.");
}
