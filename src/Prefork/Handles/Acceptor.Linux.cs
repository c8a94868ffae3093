using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Prefork.Native;

namespace Prefork.Handles;

/// <summary>
/// A listener's thread: accepts a batch, picks workers, sends, closes its copies. It alone owns the listening socket, the targets
/// and the connections between accept and send; everybody else posts to its inbox.
/// </summary>
/// <remarks>
/// Each turn is a few named steps: read the inbox, refresh the figures, take back, place what was recovered, accept and place, wait.
/// It never holds more connections than the workers have room for: when all are full it does not accept, and the kernel's backlog holds.
/// </remarks>
internal sealed class Acceptor
{
    private const int MaxAccept = 64;
    private const int ExhaustedPause = 50;

    private readonly Socket _listener;
    private readonly Func<IWorkerSelector> _createSelector;
    private readonly IAcceptorEvents _events;
    private readonly WakeEvent _wake = new();
    private readonly ConcurrentQueue<Action> _inbox = new();
    private readonly List<ConnectionTarget> _targets = [];
    private readonly List<ConnectionTarget> _closing = [];
    private readonly Queue<int> _pending = new();
    private readonly int _listenerNumber;
    private readonly Thread _thread;

    private List<int>[] _batches = [];
    private WorkerLoad[] _candidates = [];
    private int[] _candidateTargets = [];
    private bool _listening = true;
    private bool _done;
    private long _exhaustedUntil;
    private bool _exhausted;
    private bool _selectorFailed;
    private IWorkerSelector? _selector;
    private bool _finished;

    /// <summary>Takes ownership of <paramref name="listener"/>, which listens and does not block.</summary>
    internal Acceptor(Socket listener, string name, Func<IWorkerSelector> createSelector, IAcceptorEvents events)
    {
        _listener = listener;
        _listenerNumber = (int)listener.Handle;
        _createSelector = createSelector;
        _events = events;
        _thread = new Thread(Run) { IsBackground = true, Name = $"prefork accept {name}" };
        _thread.UnsafeStart();
    }

    /// <summary>Puts a worker into rotation.</summary>
    internal void Add(ConnectionTarget target) => Post(() =>
    {
        _targets.Add(target);
        _targets.Sort(static (a, b) => a.WorkerId.CompareTo(b.WorkerId));
        _batches = [.. _targets.Select(_ => new List<int>(Lane.MaxBatch))];
        _candidates = new WorkerLoad[_targets.Count];
        _candidateTargets = new int[_targets.Count];
    });

    /// <summary>Takes a worker out of rotation; it still serves what it was given.</summary>
    internal void Leave(int workerId) => Post(() =>
    {
        if (_targets.Find(target => target.WorkerId == workerId) is { } leaving)
        {
            // The last to leave takes what waits in the backlog: the listener closes behind it.
            if (_listening && _targets.TrueForAll(target => target == leaving || target.IsLeaving))
            {
                AcceptAndPlace(leaving.Room, Environment.TickCount64);
            }

            leaving.Leave();
        }
    });

    /// <summary>The worker has closed its listener or died: what it had not received goes to the others.</summary>
    internal void Remove(int workerId) => Post(() =>
    {
        if (_targets.Find(target => target.WorkerId == workerId) is { } target)
        {
            _targets.Remove(target);
            _closing.Add(target);
        }
    });

    /// <summary>A Node worker has answered; a declined connection comes back with it, and is this thread's again.</summary>
    internal void Answer(NodeHandoff target, int? declined) => Post(() =>
    {
        target.Answered(declined is null, Environment.TickCount64);
        if (declined is { } connection)
        {
            _pending.Enqueue(connection);
        }
    });

    /// <summary>A connection that its worker left behind is this thread's again.</summary>
    internal void Return(int connection) => Post(() => _pending.Enqueue(connection));

    /// <summary>
    /// Closes the listening socket (and unlinks its path). The thread ends when the last target is removed;
    /// connections that nobody can take any more are closed then.
    /// </summary>
    /// <param name="closed">Called on this thread when the socket is closed and its address free.</param>
    internal void Close(Action closed) => Post(() =>
    {
        _listening = false;
        _listener.Dispose();
        closed();
    });

    /// <summary>After the end, an action runs where it is posted: it can only bring back a connection, which is then closed.</summary>
    private void Post(Action action)
    {
        lock (_inbox)
        {
            if (!_finished)
            {
                _inbox.Enqueue(action);
                _wake.Set();
                return;
            }

            action();
            ClosePending();
        }
    }

    private void Run()
    {
        while (!_done)
        {
            var now = Environment.TickCount64;
            RefreshTargets(now);
            CloseTargets();
            TakeBack(now);
            var room = _targets.Sum(target => target.Room);
            room -= Place(room, now);
            var accepting = _listening && room > 0 && _pending.Count == 0;
            if (accepting && now >= _exhaustedUntil)
            {
                AcceptAndPlace(room, now);
            }

            if (!_listening && _targets.Count == 0 && _closing.Count == 0)
            {
                Finish();
                continue;
            }

            Wait(accepting && now >= _exhaustedUntil, NextLook(now));
        }
    }

    private void ReadInbox()
    {
        _wake.Reset();
        while (_inbox.TryDequeue(out var action))
        {
            action();
        }
    }

    private void RefreshTargets(long now)
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
                _closing.Add(_targets[i]);
                _events.OnOffence(_targets[i].WorkerId, offence);
                _targets.RemoveAt(i);
            }
        }
    }

    private void CloseTargets() => _closing.RemoveAll(target => target.TryClose(_pending));

    /// <summary>From a leaving worker only when somebody else could serve: it reads to the end of its lane, in its own time.</summary>
    private void TakeBack(long now)
    {
        foreach (var target in _targets)
        {
            if (!target.IsLeaving || _targets.Exists(other => other != target && other.Room > 0))
            {
                target.TakeBackIfStalled(now, _pending);
            }
        }
    }

    /// <summary>When the next turn is due though nothing happens. Asked last: what this turn has sent counts.</summary>
    private int NextLook(long now)
    {
        var next = _closing.Count > 0 ? ExhaustedPause : -1;
        if (now < _exhaustedUntil)
        {
            next = Sooner(next, (int)(_exhaustedUntil - now));
        }

        foreach (var target in _targets)
        {
            next = Sooner(next, target.NextLook(now));
        }

        // Somebody was full in the middle of a turn; the others have room.
        return _pending.Count > 0 && _targets.Exists(static target => target.Room > 0) ? 0 : next;
    }

    /// <summary>Places what is pending, as far as there is room; returns how many.</summary>
    private int Place(int room, long now)
    {
        var placed = 0;
        while (_pending.Count > 0 && placed < room)
        {
            var count = Math.Min(_pending.Count, Math.Min(room - placed, MaxAccept));
            for (var i = 0; i < count; i++)
            {
                Assign(_pending.Dequeue());
            }

            SendBatches(now);
            placed += count;
            if (_targets.TrueForAll(static target => target.Room == 0))
            {
                break;
            }
        }

        return placed;
    }

    /// <summary>Accepts until the backlog is empty or the room is used up, then sends.</summary>
    private void AcceptAndPlace(int room, long now)
    {
        var count = 0;
        var limit = Math.Min(room, MaxAccept);
        while (count < limit)
        {
            var connection = Accept();
            if (connection < 0)
            {
                var errno = Errno.Last;
                if (errno is Linux.EINTR or Linux.ECONNABORTED or Linux.EPROTO or Linux.EPERM)
                {
                    continue;
                }

                if (errno != Linux.EAGAIN)
                {
                    Exhausted(errno, now);
                }

                break;
            }

            Assign(connection);
            count++;
        }

        if (count > 0)
        {
            _exhausted = false;
            SendBatches(now);
        }
    }

    private unsafe int Accept() => Libc.Accept4(_listenerNumber, null, null, Linux.SOCK_CLOEXEC);

    /// <summary>EMFILE, ENFILE and the like: the backlog keeps the clients; spinning would not free a descriptor.</summary>
    private void Exhausted(int errno, long now)
    {
        _exhaustedUntil = now + ExhaustedPause;
        if (!_exhausted)
        {
            _exhausted = true;
            _events.OnTrouble(Errno.Failed(errno, $"accept on {_thread.Name!["prefork accept ".Length..]}; clients wait in the backlog, and the next try is in {ExhaustedPause} ms"));
        }
    }

    /// <summary>Puts one connection into the batch of the worker that the policy picks. There is room for it.</summary>
    private void Assign(int connection)
    {
        var count = 0;
        for (var i = 0; i < _targets.Count; i++)
        {
            if (_targets[i].Room > _batches[i].Count)
            {
                var load = _targets[i].Load;
                _candidates[count] = load with { Waiting = load.Waiting + _batches[i].Count, HandedOver = load.HandedOver + _batches[i].Count };
                _candidateTargets[count++] = i;
            }
        }

        if (count == 0)
        {
            _pending.Enqueue(connection);
            return;
        }

        _batches[_candidateTargets[Select(_candidates.AsSpan(0, count))]].Add(connection);
    }

    private int Select(ReadOnlySpan<WorkerLoad> candidates)
    {
        try
        {
            _selector ??= _createSelector();
            var chosen = _selector.Select(candidates);
            if ((uint)chosen < (uint)candidates.Length)
            {
                return chosen;
            }

            throw new InvalidOperationException($"The scheduling policy chose candidate {chosen} of {candidates.Length}.");
        }
        catch (Exception exception)
        {
            // The user's code: its failure must not cost a connection. Said once, or a busy server would say nothing else.
            if (!_selectorFailed)
            {
                _selectorFailed = true;
                _events.OnTrouble(exception);
            }

            return 0;
        }
    }

    private void SendBatches(long now)
    {
        for (var i = 0; i < _batches.Length; i++)
        {
            var batch = _batches[i];
            for (var sent = 0; sent < batch.Count;)
            {
                var part = CollectionsMarshal.AsSpan(batch).Slice(sent, Math.Min(batch.Count - sent, Lane.MaxBatch));

                // What it does not take after all, being full or leaving, the next turn places elsewhere.
                foreach (var connection in part[_targets[i].Send(part, now)..])
                {
                    _pending.Enqueue(connection);
                }

                sent += part.Length;
            }

            batch.Clear();
        }
    }

    private unsafe void Wait(bool accepting, int timeout)
    {
        var descriptors = stackalloc PollFd[2];
        descriptors[0] = new PollFd { Descriptor = _wake.Descriptor.Number, Events = Linux.POLLIN };
        descriptors[1] = new PollFd { Descriptor = _listenerNumber, Events = Linux.POLLIN };
        if (Libc.Poll(descriptors, accepting ? 2u : 1u, timeout) > 0 && descriptors[0].Returned != 0)
        {
            ReadInbox();
        }
    }

    private void Finish()
    {
        lock (_inbox)
        {
            ReadInbox();
            if (_targets.Count > 0 || _closing.Count > 0)
            {
                return;
            }

            _done = _finished = true;
            ClosePending();
            _wake.Dispose();
        }
    }

    /// <summary>Nobody is left who could serve them.</summary>
    private void ClosePending()
    {
        while (_pending.TryDequeue(out var connection))
        {
            _ = Libc.Close(connection);
        }
    }

    private static int Sooner(int a, int b) => a < 0 ? b : b < 0 ? a : Math.Min(a, b);
}
