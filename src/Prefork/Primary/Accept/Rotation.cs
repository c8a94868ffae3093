using System.Runtime.InteropServices;
using Prefork.Handoff;
using Prefork.Native;

namespace Prefork.Primary.Accept;

/// <summary>
/// A listener's workers: those that may get connections, by id, and those that are gone, until what they had not received is recovered.
/// Used by the acceptor's thread alone.
/// </summary>
internal sealed class Rotation(IAcceptorEvents events)
{
    /// <summary>In milliseconds: how soon to ask again for what could not be recovered for want of descriptors.</summary>
    private const int RecoveryPause = 50;

    private readonly List<ConnectionTarget> _targets = [];
    private readonly List<ConnectionTarget> _removed = [];
    private readonly Queue<int> _discarded = new();
    private readonly Closer _closer = new();

    /// <summary>Good until one is added or removed.</summary>
    internal ReadOnlySpan<ConnectionTarget> Targets => CollectionsMarshal.AsSpan(_targets);

    internal bool IsEmpty => _targets.Count == 0 && _removed.Count == 0;

    /// <summary>How many connections all of them can take now.</summary>
    internal int Room => _targets.Sum(static target => target.Room);

    internal bool HasRoom => _targets.Exists(static target => target.Room > 0);

    internal static int Sooner(int a, int b) => a < 0 ? b : b < 0 ? a : Math.Min(a, b);

    internal void Add(ConnectionTarget target)
    {
        _targets.Add(target);
        _targets.Sort(static (a, b) => a.WorkerId.CompareTo(b.WorkerId));
    }

    internal ConnectionTarget? Find(int workerId) => _targets.Find(target => target.WorkerId == workerId);

    /// <summary>Whether all others are leaving already.</summary>
    internal bool IsLastToStay(ConnectionTarget target) => _targets.TrueForAll(other => other == target || other.IsLeaving);

    internal void Remove(int workerId)
    {
        if (Find(workerId) is { } target)
        {
            _targets.Remove(target);
            _removed.Add(target);
        }
    }

    /// <summary>Reads the workers' figures.</summary>
    internal void Refresh(long now)
    {
        for (var i = _targets.Count - 1; i >= 0; i--)
        {
            try
            {
                _targets[i].Refresh(now);
            }
            catch (ClusterProtocolException offence)
            {
                // What it has not taken is recovered like a dead worker's; the loop cuts its channel.
                _removed.Add(_targets[i]);
                events.OnOffence(_targets[i].WorkerId, offence);
                _targets.RemoveAt(i);
            }
        }
    }

    /// <summary>Recovers what the removed ones had not received.</summary>
    internal void CloseRemoved(Queue<int> recovered) => _removed.RemoveAll(target => target.TryClose(target.HoldsClients ? recovered : _discarded));

    /// <summary>Connections that were meant for one worker alone, which is gone: whoever made them sees the end.</summary>
    internal void CloseDiscarded()
    {
        while (_discarded.TryDequeue(out var connection))
        {
            _closer.CloseShared(new FileDescriptor(connection));
        }
    }

    /// <summary>When no one has room, those that are left out for a while are looked at, too.</summary>
    internal void EndPauses(long now)
    {
        if (!HasRoom)
        {
            foreach (var target in _targets)
            {
                target.EndPause(now);
            }
        }
    }

    /// <summary>From a leaving worker only when somebody else could serve: it reads to the end of its lane, in its own time.</summary>
    internal void TakeBack(long now, Queue<int> recovered)
    {
        foreach (var target in _targets)
        {
            if (!target.HoldsClients)
            {
                continue;
            }

            if (!target.IsLeaving || _targets.Exists(other => other != target && other.Room > 0))
            {
                target.TakeBackIfStalled(now, recovered);
            }
        }
    }

    /// <summary>In how many milliseconds to look at them again though nothing happens; -1 for never.</summary>
    internal int NextLook(long now)
    {
        var next = _removed.Count > 0 ? RecoveryPause : -1;
        foreach (var target in _targets)
        {
            next = Sooner(next, target.NextLook(now));
        }

        return next;
    }
}
