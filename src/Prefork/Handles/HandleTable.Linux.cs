using System.Net.Sockets;
using System.Text.Json;
using Prefork.Ipc;

namespace Prefork.Handles;

/// <summary>
/// The listening sockets of the primary, by key. On the loop.
/// A handle closes when its last worker leaves of its own will; when the last one died unasked, it stays open for the grace period,
/// so that clients wait for the replacement instead of being refused.
/// </summary>
internal sealed class HandleTable(EventLoop loop, IAcceptorEvents events, TimeProvider time)
{
    private readonly Dictionary<string, ListenHandle> _handles = [];
    private readonly Dictionary<ListenHandle, ITimer> _orphans = [];
    private readonly Dictionary<string, List<Action>> _closing = [];

    /// <summary>The handle for this listen point, opened if need be.</summary>
    /// <exception cref="SocketException">It cannot be opened. The next query tries again.</exception>
    internal ListenHandle Open(ListenQuery query, JsonElement data, SchedulingPolicy policy)
    {
        if (_handles.TryGetValue(query.Key, out var handle))
        {
            Adopt(handle);
            return handle;
        }

        var shared = policy.IsShared || query.IsUdp;

        // A shared one is listened on by each worker. A path also here and at once: one that is bound and refuses is stale to others.
        var socket = Binder.Bind(query, listen: !shared || query.IsUnix);
        try
        {
            handle = shared
                ? new SharedHandle(query, data, socket)
                : new AcceptingHandle(query, data, socket, policy.CreateSelector, events);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        _handles.Add(query.Key, handle);
        return handle;
    }

    /// <summary>
    /// Whether the listen point is being closed on its acceptor's thread. If so, <paramref name="again"/> is called on the loop when
    /// its address is free: asking before would find the address in use by ourselves.
    /// </summary>
    internal bool IsClosing(ListenQuery query, Action again)
    {
        if (!_closing.TryGetValue(query.Key, out var waiting))
        {
            return false;
        }

        waiting.Add(again);
        return true;
    }

    /// <summary>A worker has stopped using the handle; <paramref name="grace"/> is how long it may stay open without one.</summary>
    internal void Release(ListenHandle handle, TimeSpan grace)
    {
        if (!handle.IsUnused || !_handles.TryGetValue(handle.Key, out var current) || current != handle || _orphans.ContainsKey(handle))
        {
            return;
        }

        if (grace > TimeSpan.Zero)
        {
            _orphans.Add(handle, time.CreateTimer(_ => loop.Post(() => CloseOrphan(handle)), null, grace, Timeout.InfiniteTimeSpan));
        }
        else
        {
            Close(handle);
        }
    }

    /// <summary>Nobody is to come any more: closes what waits for a worker.</summary>
    internal void CloseOrphans()
    {
        foreach (var handle in _orphans.Keys.ToArray())
        {
            CloseOrphan(handle);
        }
    }

    private void Adopt(ListenHandle handle)
    {
        if (_orphans.Remove(handle, out var timer))
        {
            timer.Dispose();
        }
    }

    private void CloseOrphan(ListenHandle handle)
    {
        if (_orphans.ContainsKey(handle))
        {
            Adopt(handle);
            Close(handle);
        }
    }

    private void Close(ListenHandle handle)
    {
        _handles.Remove(handle.Key);
        _closing.Add(handle.Key, []);
        handle.Close(() => loop.Post(() => OnClosed(handle.Key)));
    }

    private void OnClosed(string key)
    {
        if (_closing.Remove(key, out var waiting))
        {
            waiting.ForEach(static again => again());
        }
    }
}
