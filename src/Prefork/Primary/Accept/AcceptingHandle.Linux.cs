using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Prefork.Native;
using Prefork.Sockets;
using Prefork.Wire;

namespace Prefork.Primary.Accept;

/// <summary>The primary accepts and hands over: a listening socket and the thread that serves it.</summary>
internal sealed class AcceptingHandle : ListenHandle
{
    /// <summary>Takes ownership of <paramref name="socket"/>, which listens.</summary>
    internal AcceptingHandle(ListenQuery query, JsonElement data, Socket socket, Func<IWorkerSelector> createSelector, IAcceptorEvents events, BlockingPool files)
        : base(query, data)
    {
        LocalEndPoint = socket.LocalEndPoint!;
        Path = socket as UnixPathSocket;
        DescriptorSocket.SetNonBlocking(socket);
        Acceptor = new Acceptor(socket, LocalEndPoint.ToString()!, createSelector, events, files);
    }

    internal override EndPoint LocalEndPoint { get; }

    internal Acceptor Acceptor { get; }

    internal override void Replace(UnixPathSocket fresh)
    {
        base.Replace(fresh);
        DescriptorSocket.SetNonBlocking(fresh);
        Acceptor.Listen(fresh);
    }

    internal override void Close(Action closed) => Acceptor.Close(closed);

    internal override void SetShare(int workerId, double share) => Acceptor.SetShare(workerId, share);

    protected override void OnLeave(int workerId) => Acceptor.Leave(workerId);

    protected override void OnRemove(int workerId) => Acceptor.Remove(workerId);
}
