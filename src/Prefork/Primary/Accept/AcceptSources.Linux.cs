using System.Net.Sockets;
using Prefork.Native;

namespace Prefork.Primary.Accept;

/// <summary>
/// What a listener's clients come to: one socket, and where its Unix path had to be bound anew, those before it, for clients wait there.
/// Used by the acceptor's thread alone.
/// </summary>
internal sealed class AcceptSources(string name, IAcceptorEvents events, BlockingPool files)
{
    /// <summary>How many old ones are kept; of more, those go at which nobody waits. Nobody finds them by the path, so that none needs long.</summary>
    internal const int MostReplaced = 8;

    private readonly List<AcceptSource> _sources = [];

    internal bool IsOpen => _sources.Count > 0;

    /// <summary>Takes ownership of a socket that listens and does not block.</summary>
    internal void Add(Socket listener)
    {
        _sources.Add(new AcceptSource(listener, name, events));
        for (var i = 0; _sources.Count > MostReplaced + 1 && i < _sources.Count - 1;)
        {
            if (IsReady(_sources[i]))
            {
                i++;
            }
            else
            {
                ListenerSocket.Close(_sources[i].Release(), files, static () => { });
                _sources.RemoveAt(i);
            }
        }
    }

    /// <summary>Whether none may be accepted from now.</summary>
    internal bool IsResting(long now)
    {
        foreach (var source in _sources)
        {
            if (!source.IsResting(now))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>In how many milliseconds the first one has rested that rests now; -1 when none does.</summary>
    internal int RestLeft(long now)
    {
        var left = -1;
        foreach (var source in _sources)
        {
            left = source.IsResting(now) ? Rotation.Sooner(left, source.RestLeft(now)) : left;
        }

        return left;
    }

    /// <summary>
    /// The next connection, which is the caller's; false when there is none now. The oldest first: what waits there has waited longest. Also of those that rest:
    /// who takes the last that wait before all is closed cannot wait.
    /// </summary>
    internal bool TryAccept(long now, out int connection)
    {
        connection = -1;
        foreach (var source in _sources)
        {
            if (source.TryAccept(now, out connection))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Fills in what to poll; returns how many. The newest first, to which the path leads: of the old ones as many as there is room for.</summary>
    internal int Poll(Span<PollFd> descriptors, long now)
    {
        var count = 0;
        for (var i = _sources.Count - 1; i >= 0 && count < descriptors.Length; i--)
        {
            if (!_sources[i].IsResting(now))
            {
                descriptors[count++] = new PollFd { Descriptor = _sources[i].Number, Events = Linux.POLLIN };
            }
        }

        return count;
    }

    /// <summary>Closes the sockets, and unlinks the path.</summary>
    /// <param name="closed">Called on any thread when the address is free.</param>
    internal void Close(Action closed)
    {
        if (_sources.Count == 0)
        {
            closed();
            return;
        }

        for (var i = 0; i < _sources.Count; i++)
        {
            ListenerSocket.Close(_sources[i].Release(), files, i == _sources.Count - 1 ? closed : static () => { });
        }

        _sources.Clear();
    }

    private static unsafe bool IsReady(AcceptSource source)
    {
        var descriptor = new PollFd { Descriptor = source.Number, Events = Linux.POLLIN };
        return Libc.Poll(&descriptor, 1, 0) > 0;
    }
}
