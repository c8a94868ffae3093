namespace Prefork.Handoff;

/// <summary>
/// Connections for a Node worker go over its channel, one message and one answer to each.
/// The loop owns a connection from <see cref="Send"/> to its answer, and gives it back when the worker declines it, leaves or dies.
/// </summary>
internal sealed class NodeHandoff(int workerId, double share, Action<int> send) : ConnectionTarget(workerId, share)
{
    /// <summary>A worker that declined rests this long, so that a connection nobody wants is not passed round and round.</summary>
    private const int RestAfterDecline = 100;

    /// <summary>How many may be unanswered. Node's own primary allows one; a few more hide the way there and back.</summary>
    private const int MaxUnanswered = 4;

    private int _unanswered;
    private long _handedOver;
    private long _restUntil;
    private long _now;

    internal override int Waiting => _unanswered;

    protected override int Free => IsLeaving || _now < _restUntil ? 0 : MaxUnanswered - _unanswered;

    internal override WorkerLoad Load => new(WorkerId, 0, _unanswered, _handedOver);

    internal override void Refresh(long now) => _now = now;

    internal override int Send(ReadOnlySpan<int> connections, long now)
    {
        foreach (var connection in connections)
        {
            _unanswered++;
            _handedOver++;
            send(connection);
        }

        return connections.Length;
    }

    /// <summary>The worker has answered one.</summary>
    internal void Answered(bool accepted, long now)
    {
        _unanswered--;
        if (!accepted)
        {
            _handedOver--;
            _restUntil = now + RestAfterDecline;
        }
    }

    internal override void TakeBackIfStalled(long now, Queue<int> recovered)
    {
        // A Node worker has what it was sent; only its death or its answer brings it back.
    }

    internal override int NextLook(long now) => now < _restUntil ? (int)(_restUntil - now) : -1;

    internal override bool TryClose(Queue<int> recovered) => true;
}
