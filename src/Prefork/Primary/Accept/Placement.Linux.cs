using System.Runtime.InteropServices;
using Prefork.Handoff;
using Prefork.Native;

namespace Prefork.Primary.Accept;

/// <summary>
/// The connections between accept and send: each goes into the batch of the worker that the policy picks, and each batch out in as few
/// system calls as its target needs. Used by the acceptor's thread alone.
/// </summary>
internal sealed class Placement(Rotation rotation, GuardedSelector selector)
{
    /// <summary>Connections that are in batches at once, at most.</summary>
    internal const int MaxAtOnce = 64;

    private readonly Closer _closer = new();
    private WorkerLoad[] _candidates = [];
    private int[] _candidateTargets = [];

    /// <summary>Connections that wait for a worker with room: recovered, declined, or not taken after all. Owned, until they are sent or closed.</summary>
    internal Queue<int> Pending { get; } = new();

    /// <summary>Places what is pending, as far as there is room; returns how many.</summary>
    internal int PlacePending(int room, long now)
    {
        var placed = 0;
        while (Pending.Count > 0 && placed < room)
        {
            var count = Math.Min(Pending.Count, Math.Min(room - placed, MaxAtOnce));
            for (var i = 0; i < count; i++)
            {
                Assign(Pending.Dequeue());
            }

            Send(now);
            placed += count;
            if (!rotation.HasRoom)
            {
                break;
            }
        }

        return placed;
    }

    /// <summary>Puts one connection into the batch of the worker that the policy picks.</summary>
    internal void Assign(int connection)
    {
        if (FindDue() is { } due)
        {
            due.Batch.Add(connection);
            return;
        }

        // Those with a share of their own get more than that only when nobody else can take it.
        var count = FindCandidates(withOwnShare: false);
        if (count == 0)
        {
            count = FindCandidates(withOwnShare: true);
        }

        if (count == 0)
        {
            Pending.Enqueue(connection);
            return;
        }

        rotation.Targets[_candidateTargets[selector.Select(_candidates.AsSpan(0, count))]].Batch.Add(connection);
    }

    /// <summary>Sends all batches.</summary>
    internal void Send(long now)
    {
        foreach (var target in rotation.Targets)
        {
            for (var sent = 0; sent < target.Batch.Count;)
            {
                var part = CollectionsMarshal.AsSpan(target.Batch).Slice(sent, Math.Min(target.Batch.Count - sent, Lane.MaxBatch));

                // What it does not take after all, being full or leaving, the next turn places elsewhere.
                foreach (var connection in part[target.Send(part, now)..])
                {
                    Pending.Enqueue(connection);
                }

                sent += part.Length;
            }

            target.Batch.Clear();
        }
    }

    /// <summary>Nobody is left who could serve them. Somebody may have had them.</summary>
    internal void ClosePending()
    {
        while (Pending.TryDequeue(out var connection))
        {
            _closer.CloseShared(new FileDescriptor(connection));
        }
    }

    /// <summary>The one whose share of connections has come round; null for most connections.</summary>
    private ConnectionTarget? FindDue()
    {
        ConnectionTarget? due = null;
        foreach (var target in rotation.Targets)
        {
            if (target.HasOwnShare)
            {
                target.Accrue();
                due = due is null && target.TakeDue() ? target : due;
            }
        }

        return due;
    }

    /// <summary>Those that have room beside what is in their batch already, which counts as handed over.</summary>
    private int FindCandidates(bool withOwnShare)
    {
        var targets = rotation.Targets;
        if (_candidates.Length < targets.Length)
        {
            _candidates = new WorkerLoad[targets.Length];
            _candidateTargets = new int[targets.Length];
        }

        var count = 0;
        for (var i = 0; i < targets.Length; i++)
        {
            var batched = targets[i].Batch.Count;
            if (targets[i].Room > batched && (withOwnShare || !targets[i].HasOwnShare))
            {
                var load = targets[i].Load;
                _candidates[count] = load with { Waiting = load.Waiting + batched, HandedOver = load.HandedOver + batched };
                _candidateTargets[count++] = i;
            }
        }

        return count;
    }
}
