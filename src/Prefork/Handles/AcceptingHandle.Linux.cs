using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Prefork.Native;

namespace Prefork.Handles;

/// <summary>The primary accepts and hands over: a listening socket and the thread that serves it.</summary>
internal sealed class AcceptingHandle : ListenHandle
{
    /// <summary>Takes ownership of <paramref name="socket"/>, which listens.</summary>
    internal AcceptingHandle(ListenQuery query, JsonElement data, Socket socket, Func<IWorkerSelector> createSelector, IAcceptorEvents events, BlockingPool files)
        : base(query, data)
    {
        LocalEndPoint = socket.LocalEndPoint!;
        Path = socket as UnixPathSocket;
        SetNonBlocking(socket);
        Acceptor = new Acceptor(socket, LocalEndPoint.ToString()!, createSelector, events, files);
    }

    internal override EndPoint LocalEndPoint { get; }

    internal Acceptor Acceptor { get; }

    internal override void Replace(UnixPathSocket fresh)
    {
        base.Replace(fresh);
        SetNonBlocking(fresh);
        Acceptor.Listen(fresh);
    }

    internal override void Close(Action closed) => Acceptor.Close(closed);

    internal override void SetShare(int workerId, double share) => Acceptor.SetShare(workerId, share);

    protected override void OnLeave(int workerId) => Acceptor.Leave(workerId);

    protected override void OnRemove(int workerId) => Acceptor.Remove(workerId);

    private static void SetNonBlocking(Socket socket)
    {
        var number = (int)socket.Handle;
        Errno.Check(Libc.Fcntl(number, Linux.F_SETFL, Libc.Fcntl(number, Linux.F_GETFL, 0) | Linux.O_NONBLOCK), "make the listener non-blocking");
    }
}
