using System.Net.Sockets;
using Prefork.Loop;
using Prefork.Native;
using Prefork.Sockets;

namespace Prefork.Primary.Accept;

/// <summary>
/// The listening sockets of the primary, by key. On the loop.
/// A handle closes when its last worker leaves of its own will; when the last one died unasked, it stays open for the grace period,
/// so that clients wait for the replacement instead of being refused.
/// </summary>
/// <remarks>
/// A Unix path is a name in a file system, which may not answer for hours (a dead mount), and which others may change. So it is bound, looked at and unlinked
/// on another thread, and its key is busy meanwhile: whoever asks for it waits, each with a deadline. The call itself ends when the file system answers.
/// A path of a handle that is open is looked at whenever a worker asks for it: where it is gone, or leads to something else, it is bound anew, and the
/// sockets that it led to before are still accepted from.
/// </remarks>
internal sealed class HandleTable(EventLoop loop, IAcceptorEvents events, BlockingPool files, TimeProvider time)
{
    private const int MostLooks = 32;

    private readonly Dictionary<string, ListenHandle> _handles = [];
    private readonly Dictionary<ListenHandle, ITimer> _orphans = [];
    private readonly Dictionary<string, List<OpenRequest>> _busy = [];

    /// <summary>
    /// For looks at paths that are open, one at a time for each. Not the asker's own threads: a look that waited for those, with its key busy, would make wait whoever else asks.
    /// </summary>
    private readonly BlockingShare _looks = new(files, MostLooks);

    /// <summary>
    /// Finds the handle for a listen point, or opens it. <see cref="OpenRequest.Complete"/> is called on the loop, once: at once where no file system is asked,
    /// and no one closes the same listen point just then; else later.
    /// </summary>
    internal void Open(OpenRequest request)
    {
        var key = request.Query.Key;
        if (_busy.TryGetValue(key, out var waiting))
        {
            Wait(request, waiting);
        }
        else if (_handles.TryGetValue(key, out var handle))
        {
            Adopt(handle);
            if (handle.Path is null)
            {
                request.Complete(handle, null);
            }
            else
            {
                Occupy(request);
                LookAt(handle, request);
            }
        }
        else if (request.Query.IsPath)
        {
            Occupy(request);
            Bind(request);
        }
        else
        {
            var failure = TryCreate(request, () => Binder.Bind(request.Query, listen: !IsShared(request) || request.Query.IsUnix), out handle);
            request.Complete(handle, failure);
        }
    }

    /// <summary>Looks at the paths that workers use, and binds anew those that are gone. On the loop.</summary>
    /// <param name="which">Of these listeners. Others' paths may be on file systems that do not answer, or be other people's meanwhile: that is for those that use them.</param>
    /// <param name="timeout">How long to wait for a file system.</param>
    /// <returns>Fails with what kept one of them from it.</returns>
    internal Task LookAtPathsAsync(Func<ListenHandle, bool> which, TimeSpan timeout)
    {
        var looks = new List<Task>();
        foreach (var handle in _handles.Values.Where(handle => handle is { Path: not null, IsUnused: false } && which(handle)).ToArray())
        {
            var look = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            looks.Add(look.Task);
            Open(new OpenRequest(handle.Query, default, SchedulingPolicy.Shared, _looks, timeout, (_, failure) =>
            {
                if (failure is null)
                {
                    look.SetResult();
                }
                else
                {
                    look.SetException(new IOException($"The path {handle.Query.Address} does not lead to its listener any more, and could not be bound anew: {failure.Message.TrimEnd('.')}.", failure));
                }
            })
            { OnlyLooks = true });
        }

        return Task.WhenAll(looks);
    }

    /// <summary>A worker has stopped using the handle; <paramref name="grace"/> is how long it may stay open without one.</summary>
    internal void Release(ListenHandle handle, TimeSpan grace)
    {
        if (!handle.IsUnused || !IsOpen(handle) || _orphans.ContainsKey(handle))
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

    /// <summary>A shared one is listened on by each worker. A Unix socket also here and at once: a path that is bound and refuses is stale to others.</summary>
    private static bool IsShared(OpenRequest request) => request.Policy.IsShared || request.Query.IsUdp;

    private bool IsOpen(ListenHandle handle) => _handles.TryGetValue(handle.Key, out var current) && current == handle;

    private void Occupy(OpenRequest request)
    {
        var waiting = new List<OpenRequest>();
        _busy.Add(request.Query.Key, waiting);
        Wait(request, waiting);
    }

    /// <summary>The request fails at its deadline, whatever becomes of what it waits for.</summary>
    private void Wait(OpenRequest request, List<OpenRequest> waiting)
    {
        waiting.Add(request);
        request.WaitsIn = waiting;
        request.Deadline ??= time.CreateTimer(_ => loop.Post(() => GiveUp(request)), null, request.Timeout, Timeout.InfiniteTimeSpan);
    }

    private static void GiveUp(OpenRequest request)
    {
        if (request.WaitsIn?.Remove(request) == true)
        {
            request.Complete(null, new TimeoutException(request.Query.IsPath
                ? $"the file system of the path has not answered within {request.Timeout.TotalSeconds:0.##} s"
                : $"the listener that was there before has not closed within {request.Timeout.TotalSeconds:0.##} s"));
        }
    }

    /// <summary>Nothing is under way for the key any more. Returns who waited for it.</summary>
    private List<OpenRequest> Free(string key)
    {
        _busy.Remove(key, out var waiting);
        waiting!.ForEach(static request => request.WaitsIn = null);
        return waiting;
    }

    private void Bind(OpenRequest request) => request.Files.Run(() =>
    {
        Socket? socket = null;
        Exception? failure = null;
        try
        {
            socket = Binder.Bind(request.Query, listen: true);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        loop.Post(() => OnBound(request, socket, failure));
    });

    private void OnBound(OpenRequest request, Socket? socket, Exception? failure)
    {
        var waiting = Free(request.Query.Key);
        ListenHandle? handle = null;
        if (socket is not null && waiting.Count == 0)
        {
            // All have given up. It was bound all the same, in the end.
            Discard(request.Query.Key, socket);
            return;
        }

        if (socket is not null)
        {
            failure = TryCreate(request, () => socket, out handle);
        }

        Deliver(waiting, handle, failure);
    }

    /// <summary>Ours until the handle has it.</summary>
    private Exception? TryCreate(OpenRequest request, Func<Socket> open, out ListenHandle? handle)
    {
        handle = null;
        Socket? socket = null;
        try
        {
            socket = open();
            handle = IsShared(request)
                ? new SharedHandle(request.Query, request.Data, socket, files)
                : new AcceptingHandle(request.Query, request.Data, socket, request.Policy.CreateSelector, events, files);
            _handles.Add(request.Query.Key, handle);
            return null;
        }
        catch (Exception exception)
        {
            if (socket is not null)
            {
                Discard(request.Query.Key, socket);
            }

            return exception;
        }
    }

    private void Discard(string key, Socket socket)
    {
        _busy.Add(key, []);
        ListenerSocket.Close(socket, files, () => loop.Post(() => OnClosed(key)));
    }

    /// <summary>A socket that workers are to share is bound only for a worker that asks for it: else nobody would accept from it.</summary>
    private void LookAt(ListenHandle handle, OpenRequest request)
    {
        var path = handle.Path!;
        var binds = !request.OnlyLooks || handle is AcceptingHandle;
        _looks.Run(() =>
        {
            UnixPathSocket? fresh = null;
            Exception? failure = null;
            try
            {
                fresh = binds ? Binder.BindAgain(handle.Query, path)
                    : path.IsInPlace() ? null
                    : throw new IOException("under the shared policy it is bound when a worker asks for it");
            }
            catch (Exception exception)
            {
                failure = exception;
            }

            loop.Post(() => OnLookedAt(handle, request, fresh, failure));
        });
    }

    /// <summary>The handle is open still: it does not close while its key is busy.</summary>
    private void OnLookedAt(ListenHandle handle, OpenRequest request, UnixPathSocket? fresh, Exception? failure)
    {
        if (fresh is not null)
        {
            handle.Replace(fresh);
        }

        var waiting = Free(handle.Key);
        if (failure is not null && request.OnlyLooks)
        {
            // Who wants more than a look has not had it yet.
            waiting.Where(static other => !other.OnlyLooks).ToList().ForEach(OpenAgain);
            waiting.RemoveAll(static other => !other.OnlyLooks);
        }

        Deliver(waiting, failure is null ? handle : null, failure);
        if (IsOpen(handle) && handle.IsUnused && !_orphans.ContainsKey(handle))
        {
            // Its last worker left meanwhile, and who asked for it has given up.
            Close(handle);
        }
    }

    private void Deliver(List<OpenRequest> waiting, ListenHandle? handle, Exception? failure)
    {
        foreach (var request in waiting)
        {
            if (handle is null || IsOpen(handle))
            {
                request.Complete(handle, failure);
            }
            else
            {
                // The one before could not use it, and it has been closed again.
                OpenAgain(request);
            }
        }
    }

    private void OpenAgain(OpenRequest request)
    {
        if (request.OnlyLooks && !_handles.ContainsKey(request.Query.Key))
        {
            request.Complete(null, null);
        }
        else
        {
            Open(request);
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

    /// <summary>One whose path is being looked at is closed afterwards.</summary>
    private void Close(ListenHandle handle)
    {
        if (_busy.TryAdd(handle.Key, []))
        {
            _handles.Remove(handle.Key);
            handle.Close(() => loop.Post(() => OnClosed(handle.Key)));
        }
    }

    /// <summary>The address is free: asking before would have found it in use by ourselves.</summary>
    private void OnClosed(string key) => Free(key).ForEach(OpenAgain);
}
