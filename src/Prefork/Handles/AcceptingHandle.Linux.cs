using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Prefork.Ipc;

namespace Prefork.Handles;

/// <summary>The primary accepts and hands over: a listening socket and the thread that serves it.</summary>
internal sealed class AcceptingHandle : ListenHandle
{
    internal AcceptingHandle(ListenQuery query, JsonElement data, Socket socket, Func<IWorkerSelector> createSelector, IAcceptorEvents events)
        : base(query, data)
    {
        LocalEndPoint = socket.LocalEndPoint!;
        DescriptorSocket.SetNonBlocking(socket);
        Acceptor = new Acceptor(socket, LocalEndPoint.ToString()!, createSelector, events);
    }

    internal override EndPoint LocalEndPoint { get; }

    internal Acceptor Acceptor { get; }

    internal override void Close(Action closed) => Acceptor.Close(closed);

    internal override void SetShare(int workerId, double share) => Acceptor.SetShare(workerId, share);

    protected override void OnLeave(int workerId) => Acceptor.Leave(workerId);

    protected override void OnRemove(int workerId) => Acceptor.Remove(workerId);
}
