using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Prefork.Handles;
using Prefork.Ipc;
using Prefork.Native;

namespace Prefork;

/// <remarks>The worker listens, and closes: what it asks for, and what it is given.</remarks>
internal sealed partial class WorkerControl
{
    private volatile bool _closedAll;

    /// <summary>Whether it has listened and closed every listener, as one does that leaves by itself; it says that it leaves only when its clients are gone.</summary>
    internal bool HasClosedAllListeners => _closedAll;

    private void OnListening(ClusterFrame frame, int length)
    {
        var type = frame.AddressType.ValueKind == JsonValueKind.String ? frame.AddressType.GetString()! : frame.AddressType.ToString();
        var address = new ListeningAddress(frame.Address, frame.Port ?? 0, type.Length == 0 ? "4" : type, frame.Descriptor);
        Messenger!.Post(length, () => Worker.RaiseListening(address));
    }

    private void OnQuery(ClusterFrame frame)
    {
        var sequence = RequireSequence(frame);
        var query = ListenQuery.From(frame);
        CheckData(frame.Data);
        if (Worker.IsAskedToLeave || _channelOver)
        {
            // As Node: told to leave, its listen call ends with its channel.
            return;
        }

        if (_handles.ContainsKey(query.Key) || _handles.Count + _waitingQueries == MaxListeners)
        {
            SendError(_handles.ContainsKey(query.Key) ? Linux.EADDRINUSE : Linux.EMFILE);
            return;
        }

        if (_primary.Handles.IsClosing(query, () => OnQueryAgain(frame)))
        {
            _waitingQueries++;
            return;
        }

        var errno = TryOpen(query, frame.Data, out var handle);
        if (handle is null)
        {
            SendError(errno);
            return;
        }

        handle.Add(Id);
        _handles.Add(query.Key, handle);
        ShowListeners();
        _closedAll = false;
        try
        {
            Reply(sequence, handle);
        }
        catch (Win32Exception exception)
        {
            // No descriptors left for a lane: this worker hears so, and may try again.
            OnCloseListener(query.Key);
            SendError(exception.NativeErrorCode);
            Messenger!.Post(0, () => Worker.RaiseError(exception));
        }

        void SendError(int errno)
            => _channel!.Send(ClusterReplies.Error(sequence, query.Key, errno, frame.Data, _primary.NextSequence()));
    }

    private void OnQueryAgain(ClusterFrame frame)
    {
        _waitingQueries--;
        _channel!.ActLater(() => OnQuery(frame));
    }

    /// <summary>All workers that ask for the same listen point get the first one's data back: it must be small, and one that can be written.</summary>
    private static void CheckData(JsonElement data)
    {
        if (data.ValueKind == JsonValueKind.Undefined)
        {
            return;
        }

        if (data.GetRawText().Length > MaxDataLength)
        {
            throw new JsonException($"queryServer has more than {MaxDataLength} characters of data, which would go to every worker.");
        }

        // Half a pair of surrogates can be read and not written.
        _ = JsonSerializer.SerializeToUtf8Bytes(data, FrameJsonContext.Default.JsonElement);
    }

    /// <summary>The error's number when there is no handle.</summary>
    private int TryOpen(ListenQuery query, JsonElement data, out ListenHandle? handle)
    {
        handle = null;
        try
        {
            handle = _primary.Handles.Open(query, data, _primary.Policy);
            return 0;
        }
        catch (SocketException exception)
        {
            // .NET's word for a folder that is not there. Node's programs know it as EACCES.
            var missing = query.IsUnix && exception.SocketErrorCode == SocketError.AddressNotAvailable;
            return missing ? _page is null ? Linux.EACCES : Linux.ENOENT : Errno.FromSocketError(exception.SocketErrorCode);
        }
        catch (Win32Exception exception)
        {
            // No descriptors left for an acceptor.
            return exception.NativeErrorCode;
        }
        catch (OutOfMemoryException)
        {
            // No thread for it: .NET's word for pthread_create's EAGAIN.
            return Linux.ENOMEM;
        }
    }

    private void ShowListeners() => Worker.Listeners = [.. _handles.Values.Select(static handle => AddressOf(handle.Query, handle.LocalEndPoint))];

    /// <summary>The kernel's word, and not the worker's: the port is the one that it got.</summary>
    private static ListeningAddress AddressOf(ListenQuery query, EndPoint endPoint) => endPoint is IPEndPoint { Address: var address, Port: var port }
        ? new ListeningAddress($"{address}", port, query.IsUdp ? query.AddressType : address.AddressFamily == AddressFamily.InterNetwork ? "4" : "6", query.Descriptor)
        : new ListeningAddress(query.Address ?? $"{endPoint}", -1, "-1", query.Descriptor);

    private void Reply(long ack, ListenHandle handle)
    {
        switch (handle)
        {
            case SharedHandle shared:
                _channel!.Send(
                    ClusterReplies.Shared(ack, handle, _primary.NextSequence()), PassedSocket.Duplicate(shared.Socket), onRefused: () => RefuseListener(ack, handle));
                break;
            case AcceptingHandle accepting when _page is not null && TryTakeRow(out var row):
                OpenLane(ack, accepting, row);
                break;
            case AcceptingHandle accepting:
                _channel!.Send(ClusterReplies.Accepting(ack, handle, _primary.NextSequence()));
                NodeHandoff? target = null;
                target = new NodeHandoff(Id, _share, connection => _primary.Loop.Post(() => HandOver(accepting, target!, connection)));
                accepting.Acceptor.Add(target);
                break;
        }
    }

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
        _channel!.Send(ClusterReplies.Error(ack, handle.Key, Linux.EMFILE, handle.Data, _primary.NextSequence()));
    }
}
