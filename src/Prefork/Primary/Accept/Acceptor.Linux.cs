using System.Collections.Concurrent;
using System.Net.Sockets;
using Prefork.Handoff;
using Prefork.Native;

namespace Prefork.Primary.Accept;

/// <summary>
/// A listener's thread: accepts a batch, picks workers, sends, closes its copies. It alone owns the listening socket, the targets
/// and the connections between accept and send; everybody else posts to its inbox.
/// </summary>
/// <remarks>
/// Each turn is a few named steps: read the inbox, refresh the figures, take back, place what was recovered, accept and place, wait.
/// It never holds more connections than the workers have room for: when all are full it does not accept, and the kernel's backlog holds.
/// The socket is <see cref="AcceptSources"/>', the workers are <see cref="Rotation"/>'s, the connections <see cref="Placement"/>'s.
/// </remarks>
internal sealed class Acceptor
{
    private readonly AcceptSources _sources;
    private readonly Rotation _rotation;
    private readonly Placement _placement;
    private readonly WakeEvent _wake = new();
    private readonly ConcurrentQueue<Action> _inbox = new();
    private bool _finished;

    /// <summary>Takes ownership of <paramref name="listener"/>, which listens and does not block.</summary>
    internal Acceptor(Socket listener, string name, Func<IWorkerSelector> createSelector, IAcceptorEvents events, BlockingPool files)
    {
        _sources = new AcceptSources(name, events, files);
        _sources.Add(listener);
        _rotation = new Rotation(events);
        _placement = new Placement(_rotation, new GuardedSelector(createSelector, events));
        new Thread(Run) { IsBackground = true, Name = $"prefork accept {name}" }.UnsafeStart();
    }

    /// <summary>Takes ownership of another listening socket, which does not block: clients come to it from now on, and some still wait at the one before.</summary>
    internal void Listen(Socket listener) => Post(() => _sources.Add(listener));

    /// <summary>Puts a worker into rotation.</summary>
    internal void Add(ConnectionTarget target) => Post(() => _rotation.Add(target));

    /// <summary>Changes what part of the connections a worker gets; see <see cref="ConnectionTarget.Share"/>.</summary>
    internal void SetShare(int workerId, double share) => Post(() => _rotation.Find(workerId)?.SetShare(share));

    /// <summary>Hands one connection to one worker, past the policy and whatever its share; closes it when the worker cannot take it.</summary>
    internal void Give(int workerId, int connection) => Post(() =>
    {
        if (_rotation.Find(workerId)?.Send([connection], Environment.TickCount64) is not 1)
        {
            _ = Libc.Close(connection);
        }
    });

    /// <summary>Takes a worker out of rotation for good; it still serves what it was given.</summary>
    internal void Leave(int workerId) => Post(() =>
    {
        if (_rotation.Find(workerId) is { } leaving)
        {
            // The last to leave takes what waits, as far as it has room: the listener closes behind it.
            if (_sources.IsOpen && _rotation.IsLastToStay(leaving))
            {
                var now = Environment.TickCount64;
                _placement.PlacePending(leaving.Room, now);
                while (leaving.Room > 0 && AcceptAndPlace(leaving.Room, now) > 0)
                {
                }
            }

            leaving.Leave();
        }
    });

    /// <summary>The worker has closed its listener or died: what it had not received goes to the others.</summary>
    internal void Remove(int workerId) => Post(() => _rotation.Remove(workerId));

    /// <summary>A Node worker has answered; a declined connection comes back with it, and is this thread's again.</summary>
    /// <param name="target">The worker.</param>
    /// <param name="returned">A connection for the others.</param>
    /// <param name="declined">Whether the worker did not take it.</param>
    internal void Answer(NodeHandoff target, int? returned, bool declined) => Post(() =>
    {
        target.Answered(!declined, Environment.TickCount64);
        if (returned is { } connection)
        {
            _placement.Pending.Enqueue(connection);
        }
    });

    /// <summary>A connection that its worker left behind is this thread's again.</summary>
    internal void Return(int connection) => Post(() => _placement.Pending.Enqueue(connection));

    /// <summary>
    /// Closes the listening socket (and unlinks its path). The thread ends when the last target is removed;
    /// connections that nobody can take any more are closed then.
    /// </summary>
    /// <param name="closed">Called on any thread when the socket is closed and its address free.</param>
    internal void Close(Action closed) => Post(() => _sources.Close(closed));

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
            _placement.ClosePending();
        }
    }

    private void Run()
    {
        while (!_finished)
        {
            var now = Environment.TickCount64;
            _rotation.Refresh(now);
            _rotation.CloseRemoved(_placement.Pending);
            _rotation.CloseDiscarded();
            _rotation.EndPauses(now);
            _rotation.TakeBack(now, _placement.Pending);
            var room = _rotation.Room;
            room -= _placement.PlacePending(room, now);
            var accepting = _sources.IsOpen && room > 0 && _placement.Pending.Count == 0;
            if (accepting && !_sources.IsResting(now))
            {
                AcceptAndPlace(room, now);
            }

            if (!_sources.IsOpen && _rotation.IsEmpty)
            {
                Finish();
                continue;
            }

            Wait(accepting, now);
        }
    }

    /// <summary>Accepts until the backlog is empty or the room is used up, then sends; returns how many.</summary>
    private int AcceptAndPlace(int room, long now)
    {
        var limit = Math.Min(room, Placement.MaxAtOnce);
        var count = 0;
        while (count < limit && _sources.TryAccept(now, out var connection))
        {
            _placement.Assign(connection);
            count++;
        }

        if (count > 0)
        {
            _placement.Send(now);
        }

        return count;
    }

    /// <summary>When the next turn is due though nothing happens; -1 for never. Asked last: what this turn has sent counts.</summary>
    private int NextLook(long now)
    {
        if (_placement.Pending.Count > 0 && _rotation.HasRoom)
        {
            // Somebody was full in the middle of a turn; the others have room.
            return 0;
        }

        var next = _rotation.NextLook(now);
        return Rotation.Sooner(next, _sources.RestLeft(now));
    }

    private unsafe void Wait(bool accepting, long now)
    {
        const int Most = AcceptSources.MostReplaced + 2;
        var descriptors = stackalloc PollFd[Most];
        descriptors[0] = new PollFd { Descriptor = _wake.Descriptor.Number, Events = Linux.POLLIN };
        var count = accepting ? _sources.Poll(new Span<PollFd>(descriptors + 1, Most - 1), now) : 0;
        if (Libc.Poll(descriptors, (uint)count + 1, NextLook(now)) > 0 && descriptors[0].Returned != 0)
        {
            ReadInbox();
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

    private void Finish()
    {
        lock (_inbox)
        {
            ReadInbox();
            if (!_rotation.IsEmpty)
            {
                return;
            }

            // Nobody is left who could serve what is pending.
            _finished = true;
            _placement.ClosePending();
            _wake.Dispose();
        }
    }
}
