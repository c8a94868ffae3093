using System.Net;
using System.Text.Json;
using Prefork.Sockets;
using Prefork.Wire;

namespace Prefork.Primary.Accept;

/// <summary>
/// A listening socket as the primary keeps it, and the workers that use it. All calls come on the primary's loop.
/// Two kinds: the primary accepts (<see cref="AcceptingHandle"/>), or the workers do (<see cref="SharedHandle"/>).
/// </summary>
internal abstract class ListenHandle(ListenQuery query, JsonElement data)
{
    private readonly HashSet<int> _workers = [];

    internal ListenQuery Query { get; } = query;

    internal string Key => Query.Key;

    /// <summary>What the first worker sent along (TLS ticket keys, from Node); all get it back.</summary>
    internal JsonElement Data { get; } = data.ValueKind == JsonValueKind.Undefined ? data : data.Clone();

    internal abstract EndPoint LocalEndPoint { get; }

    /// <summary>The socket that its path leads to, where it has one.</summary>
    internal UnixPathSocket? Path { get; private protected set; }

    internal bool IsUnused => _workers.Count == 0;

    internal bool Has(int workerId) => _workers.Contains(workerId);

    internal void Add(int workerId) => _workers.Add(workerId);

    /// <summary>The worker is to get no more connections from now on. Returns whether it used this handle.</summary>
    internal bool Leave(int workerId)
    {
        if (!_workers.Remove(workerId))
        {
            return false;
        }

        OnLeave(workerId);
        return true;
    }

    /// <summary>The worker has closed its listener, or is dead: nothing of its may stay.</summary>
    internal bool Remove(int workerId)
    {
        var used = _workers.Remove(workerId);
        OnRemove(workerId);
        return used;
    }

    /// <summary>
    /// The path led to somebody else, or nowhere: takes ownership of the socket that it leads to now, which listens. What it led to before is kept: clients wait there.
    /// </summary>
    internal virtual void Replace(UnixPathSocket fresh) => Path = fresh;

    /// <summary>Closes the primary's sockets. Workers that share one keep their own descriptors of it.</summary>
    /// <param name="closed">Called, on any thread, when the address is free again.</param>
    internal abstract void Close(Action closed);

    /// <summary>Changes what part of the connections a worker gets; nothing where the workers accept by themselves.</summary>
    internal virtual void SetShare(int workerId, double share)
    {
    }

    protected virtual void OnLeave(int workerId)
    {
    }

    protected virtual void OnRemove(int workerId)
    {
    }
}
