namespace Prefork.AspNetCore.Transport;

/// <summary>
/// Connections by token. A token is a slot and the turn in which the slot was given out, so an event that was fetched
/// before its connection closed finds nobody, even if the slot is taken again. Any thread adds and removes; finding takes no lock.
/// </summary>
internal sealed class ConnectionTable
{
    private readonly Lock _lock = new();
    private readonly Stack<int> _free = new();
    private ClusterConnection?[] _slots = new ClusterConnection?[256];
    private int _used;
    private int _turn;

    internal long Add(ClusterConnection connection)
    {
        lock (_lock)
        {
            if (!_free.TryPop(out var slot))
            {
                slot = _used++;
                if (slot == _slots.Length)
                {
                    var slots = _slots;
                    Array.Resize(ref slots, slot * 2);
                    Volatile.Write(ref _slots, slots);
                }
            }

            _turn = (_turn + 1) & int.MaxValue;
            var token = ((long)_turn << 32) | (uint)slot;
            connection.Token = token;
            Volatile.Write(ref _slots[slot], connection);
            return token;
        }
    }

    internal void Remove(long token)
    {
        lock (_lock)
        {
            var slot = (int)(uint)token;
            _slots[slot] = null;
            _free.Push(slot);
        }
    }

    internal ClusterConnection[] Snapshot()
    {
        lock (_lock)
        {
            return [.. _slots.OfType<ClusterConnection>()];
        }
    }

    internal ClusterConnection? Find(long token)
    {
        var slots = Volatile.Read(ref _slots);
        var slot = (uint)token;
        var connection = slot < slots.Length ? Volatile.Read(ref slots[slot]) : null;
        return connection?.Token == token ? connection : null;
    }
}
