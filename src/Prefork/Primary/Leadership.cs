namespace Prefork.Primary;

/// <summary>
/// Which worker leads. The primary's, on its loop. At most one leads at any instant: a leader stays it until it has let go or its process has
/// ended, whatever else happens to it, and only then is the next one named, the oldest of those that stand.
/// </summary>
internal sealed class Leadership
{
    // Ids count up with age.
    private readonly SortedSet<int> _standing = [];

    /// <summary>The leader's id; null when nobody leads.</summary>
    internal int? Leader { get; private set; }

    /// <summary>The worker is online, and would lead.</summary>
    internal void Stand(int id)
    {
        _standing.Add(id);
        Leader ??= id;
    }

    /// <summary>The worker is to leave, or its channel is gone: it is not chosen any more. If it leads, it still does, for its process may be at it.</summary>
    internal void StandDown(int id) => _standing.Remove(id);

    /// <summary>The worker says that it leads no more, or its process has ended.</summary>
    internal void LetGo(int id)
    {
        _standing.Remove(id);
        if (Leader == id)
        {
            Leader = _standing.Count > 0 ? _standing.Min : null;
        }
    }
}
