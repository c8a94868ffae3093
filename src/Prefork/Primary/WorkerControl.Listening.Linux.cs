using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Prefork.Handoff;
using Prefork.Messages;
using Prefork.Native;
using Prefork.Primary.Accept;
using Prefork.Sockets;
using Prefork.Wire;

namespace Prefork.Primary;

/// <remarks>The worker listens, and closes: what it asks for, and what it is given.</remarks>
internal sealed partial class WorkerControl
{
    /// <summary>Keys that it has asked for, and not been answered.</summary>
    private readonly HashSet<string> _asked = [];

    /// <summary>Unix paths that it has listened on: it may have removed them, as a program does that cleans up when it ends.</summary>
    private readonly List<string> _paths = [];

    private readonly BlockingShare _files;
    private volatile bool _closedAll;
    private volatile EndPoint[] _listenedOn = [];

    /// <summary>Whether it has listened and closed every listener, as one does that leaves by itself; it says that it leaves only when its clients are gone.</summary>
    internal bool HasClosedAllListeners => _closedAll;

    /// <summary>Where it listens, or has listened: each once.</summary>
    internal IReadOnlyCollection<EndPoint> ListenedOn => _listenedOn;

    private void OnListening(ClusterFrame frame, int length)
    {
        var type = frame.AddressType.ValueKind == JsonValueKind.String ? frame.AddressType.GetString()! : frame.AddressType.ToString();
        var address = new ListeningAddress(frame.Address, frame.Port ?? 0, type.Length == 0 ? "4" : type, frame.Descriptor);
        Worker.ListenFailure = null;
        Messenger!.Post(length, () => Worker.RaiseListening(address));
    }

    private void OnQuery(ClusterFrame frame)
    {
        var sequence = RequireSequence(frame);
        var query = ListenQuery.From(frame);
        if (ListenData.FaultOf(frame.Data) is { } fault)
        {
            throw new ClusterProtocolException($"Worker {Id} sent a listen query with {fault}, which would go to every worker; its channel is closed.");
        }

        if (Worker.IsAskedToLeave || _channelOver)
        {
            // As Node: told to leave, its listen call ends with its channel.
            return;
        }

        if (_handles.ContainsKey(query.Key) || _asked.Contains(query.Key))
        {
            Refuse(sequence, query, frame.Data, Linux.EADDRINUSE, "the worker has asked for it already");
        }
        else if (_handles.Count + _asked.Count == MaxListeners)
        {
            Refuse(sequence, query, frame.Data, Linux.EMFILE, $"a worker has {MaxListeners} listeners at most");
        }
        else if (query.Descriptor is { } descriptor && !_primary.Given.Has(descriptor))
        {
            Refuse(sequence, query, frame.Data, Linux.EINVAL, "it is no socket that the primary has inherited or offers");
        }
        else
        {
            _asked.Add(query.Key);
            _primary.Handles.Open(new OpenRequest(query, frame.Data, _primary.Policy, _files, _settings.FileSystemTimeout, (handle, failure)
                => _channel!.ActLater(() => OnOpened(sequence, query, frame.Data, handle, failure))));
        }
    }

    /// <summary>The answer may have taken its time: the worker need not be there any more.</summary>
    private void OnOpened(long sequence, ListenQuery query, JsonElement data, ListenHandle? handle, Exception? failure)
    {
        if (Worker.IsAskedToLeave || _channelOver)
        {
            _asked.Remove(query.Key);
            if (handle is not null)
            {
                _primary.Handles.Release(handle, Grace(Worker.IsAskedToLeave));
            }

            return;
        }

        if (handle is null)
        {
            OnFailed(sequence, query, data, failure!);
            return;
        }

        _asked.Remove(query.Key);
        handle.Add(Id);
        _handles.Add(query.Key, handle);
        ShowListeners();
        _closedAll = false;
        Remember(handle);
        try
        {
            Reply(sequence, handle);
        }
        catch (Win32Exception exception)
        {
            // No descriptors left for a lane: this worker hears so, and may try again.
            OnCloseListener(query.Key);
            Refuse(sequence, query, data, exception.NativeErrorCode, null);
            _primary.RepeatedErrors.Add((Id, nameof(OpenLane)), exception, error => _primary.Dispatcher.Post(() => Worker.RaiseError(error)));
        }
    }

    /// <summary>No more than it may have open at once: whoever opens ever new ones has the last.</summary>
    private void Remember(ListenHandle handle)
    {
        if (!_listenedOn.Contains(handle.LocalEndPoint))
        {
            _listenedOn = [.. _listenedOn.TakeLast(MaxListeners - 1), handle.LocalEndPoint];
        }

        if (handle.Path is not null)
        {
            // The last of them is the latest, also of those that it has listened on before.
            _paths.Remove(handle.Key);
            if (_paths.Count == MaxListeners)
            {
                _paths.RemoveAt(0);
            }

            _paths.Add(handle.Key);
        }
    }

    /// <summary>Who has the address is found out first, so that it is known before the worker can end for it.</summary>
    private void OnFailed(long sequence, ListenQuery query, JsonElement data, Exception failure)
    {
        if (failure is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } and not AddressInUseException && query.Port > 0)
        {
            _primary.FindHolder(query, holder => _channel!.ActLater(() => OnOpened(sequence, query, data, null, new AddressInUseException(holder, failure.Message))));
            return;
        }

        _asked.Remove(query.Key);
        var holder = (failure as AddressInUseException)?.Holder;
        Refuse(sequence, query, data, ErrnoOf(query, failure), failure is TimeoutException ? failure.Message : null, holder);
    }

    /// <summary>Tells the worker, and whoever listens for <see cref="Cluster.ListenFailed"/>.</summary>
    private void Refuse(long sequence, ListenQuery query, JsonElement data, int errno, string? reason, int? holder = null)
    {
        reason ??= errno switch
        {
            Linux.EADDRINUSE => holder is { } pid ? $"in use by pid {pid}" : "in use",
            Linux.EACCES or Linux.EPERM => "no permission",
            Linux.EADDRNOTAVAIL => "no interface of this machine has the address",
            _ => $"{Errno.Describe(errno)} (errno {errno})",
        };
        const int LongestAddress = 4096;
        var address = new ListeningAddress(query.Address is { Length: > LongestAddress } ? query.Address[..LongestAddress] : query.Address, query.Port ?? 0, query.AddressType, query.Descriptor);
        var name = query.Describe();
        var failure = new ListenFailure(address, Errno.ToSocketError(errno), holder, $"could not listen on {name}: {reason}");
        Worker.ListenFailure = failure;
        _primary.RepeatedErrors.Add(
            (Id, name),
            new SocketException((int)failure.Error, failure.Message),
            error => _primary.Dispatcher.Post(() => Worker.RaiseListenFailed(failure with { Message = error.Message })));
        _channel!.Send(ClusterReplies.Error(sequence, query.Key, errno, data, _primary.NextSequence()));
    }

    private int ErrnoOf(ListenQuery query, Exception failure) => failure switch
    {
        // .NET's word for a folder that is not there. Node's programs know it as EACCES.
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } when query.IsUnix => _page is null ? Linux.EACCES : Linux.ENOENT,
        SocketException exception => Errno.FromSocketError(exception.SocketErrorCode),

        // No descriptors left for an acceptor.
        Win32Exception exception => exception.NativeErrorCode,

        // No thread for it: .NET's word for pthread_create's EAGAIN.
        OutOfMemoryException => Linux.ENOMEM,
        TimeoutException => Linux.ETIMEDOUT,
        _ => Linux.EINVAL,
    };

    private void ShowListeners() => Worker.Listeners = [.. _handles.Values.Select(static handle => AddressOf(handle.Query, handle.LocalEndPoint))];

    /// <summary>The kernel's word, and not the worker's: the port is the one that it got.</summary>
    private static ListeningAddress AddressOf(ListenQuery query, EndPoint endPoint) => endPoint is IPEndPoint { Address: var address, Port: var port }
        ? new ListeningAddress($"{address}", port, query.IsUdp ? query.AddressType : address.AddressFamily == AddressFamily.InterNetwork ? "4" : "6", query.Descriptor)
        : new ListeningAddress(query.Address ?? $"{endPoint}", -1, "-1", query.Descriptor);

    private void Reply(long ack, ListenHandle handle)
    {
        var data = DataFor(handle);
        switch (handle)
        {
            case SharedHandle shared:
                _channel!.Send(
                    ClusterReplies.Shared(ack, handle, data, _primary.NextSequence()), PassedSocket.Duplicate(shared.Socket), onRefused: () => RefuseListener(ack, handle));
                break;
            case AcceptingHandle accepting when _page is not null && TryTakeRow(out var row):
                OpenLane(ack, accepting, row);
                break;
            case AcceptingHandle accepting:
                _channel!.Send(ClusterReplies.Accepting(ack, handle, data, _primary.NextSequence()));
                NodeHandoff? target = null;
                target = new NodeHandoff(Id, _share, connection => _primary.Loop.Post(() => HandOver(accepting, target!, connection)));
                accepting.Acceptor.Add(target);
                break;
        }
    }

    /// <summary>A .NET worker has no use for what another has sent along.</summary>
    private JsonElement DataFor(ListenHandle handle) => _hearsContext ? default : handle.Data;

    /// <summary>
    /// The worker's end goes to the worker, and is closed here once the worker has answered for it; the duplicate stays, so that
    /// the queue outlives the worker. If the worker dies before it reads its end, the kernel drops that descriptor with the channel.
    /// </summary>
    private void OpenLane(long ack, AcceptingHandle handle, int row)
    {
        var (sender, workerEnd) = SocketPair.SeqPacket();

        // Nothing comes this way. What a worker sent all the same, descriptors too, would be closed with the sender, by the acceptor.
        _ = Libc.Shutdown(sender.Number, Linux.SHUT_RD);
        FileDescriptor duplicate;
        try
        {
            duplicate = workerEnd.Duplicate();
        }
        catch
        {
            sender.Dispose();
            workerEnd.Dispose();
            throw;
        }

        _channel!.Send(ClusterReplies.Lane(ack, handle, row, _primary.NextSequence()), workerEnd, onRefused: () => RefuseListener(ack, handle));
        handle.Acceptor.Add(new Lane(Id, _share, sender, duplicate, _page!, row, _settings.LaneCapacity, _settings.HandoffTimeout));
    }

    /// <summary>
    /// A row is never given twice: an acceptor, or the worker, may still be at the old one. A worker that has used them all
    /// gets its further listeners' connections by the channel.
    /// </summary>
    private bool TryTakeRow(out int row)
    {
        row = _usedRows;
        return _usedRows < ScoreboardPage.Rows && ++_usedRows > 0;
    }

    private void OnCloseListener(string? key)
    {
        if (key is null || !_handles.Remove(key, out var handle))
        {
            return;
        }

        ShowListeners();
        _closedAll = _handles.Count == 0;
        handle.Remove(Id);
        _primary.Handles.Release(handle, TimeSpan.Zero);
    }

    /// <summary>The worker has no descriptor free for its end; it hears so by a message that needs none.</summary>
    private void RefuseListener(long ack, ListenHandle handle)
    {
        OnCloseListener(handle.Key);
        Refuse(ack, handle.Query, DataFor(handle), Linux.EMFILE, "the worker has no descriptor free");
    }
}
