using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Prefork.AspNetCore.Transport;

/// <summary>
/// A connection as Kestrel wants it: two pipes, of which the far ends are the socket. Whoever reads an empty input receives, and whoever
/// flushes output sends, without waiting and on its own thread; the loop does so when the socket becomes ready later.
/// </summary>
/// <remarks>
/// It ends in three steps, each once: <see cref="Shutdown"/> closes the descriptor; then the holder of each role, or the next one,
/// completes its pipe; then <see cref="DisposeAsync"/> goes on.
/// </remarks>
internal sealed partial class ClusterConnection : ConnectionContext, IDuplexPipe
{
    private readonly TransportSettings _settings;
    private readonly EndPoint? _listening;
    private readonly Pipe _input;
    private readonly Pipe _output;

    /// <summary>Takes ownership of <paramref name="handle"/>; <see cref="Shutdown"/> closes it.</summary>
    internal ClusterConnection(ClusterConnectionHandle handle, EndPoint listening, TransportSettings settings)
    {
        Handle = handle;
        _listening = listening;
        _settings = settings;
        _input = new Pipe(settings.Input);
        _output = new Pipe(settings.Output);
        Input = new ConnectionReader(this, _input.Reader);
        Output = new ConnectionWriter(this, _output.Writer);
        Transport = this;
        ConnectionClosed = _closedSource.Token;
        settings.Settling.Add(this);
    }

    internal ClusterConnectionHandle Handle { get; }

    /// <summary>Its place in the loop's table.</summary>
    internal long Token { get; set; }

    /// <summary>What the application reads. Of <see cref="Transport"/> unless a middleware has put another in its place.</summary>
    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    /// <summary>On the loop.</summary>
    internal void OnEvents(uint events)
    {
        const uint HungUp = Libc.EPOLLRDHUP | Libc.EPOLLHUP | Libc.EPOLLERR;
        if ((events & (Libc.EPOLLIN | HungUp)) != 0)
        {
            OnReadable((events & HungUp) != 0);
        }

        if ((events & (Libc.EPOLLOUT | Libc.EPOLLHUP | Libc.EPOLLERR)) != 0)
        {
            Send(writable: true);
        }
    }

    private static Exception ToException(int error)
    {
        // As Kestrel's sockets throw them. A SocketException is made by .NET's number for an error, which it does not tell for the kernel's.
        return error switch
        {
            Libc.ECONNRESET or Libc.EPIPE => new ConnectionResetException("The client reset the connection.", new SocketException((int)SocketError.ConnectionReset)),
            Libc.ETIMEDOUT => new SocketException((int)SocketError.TimedOut),
            Libc.EHOSTUNREACH => new SocketException((int)SocketError.HostUnreachable),
            Libc.ENETUNREACH => new SocketException((int)SocketError.NetworkUnreachable),
            Libc.ENETDOWN => new SocketException((int)SocketError.NetworkDown),
            Libc.ENOBUFS => new SocketException((int)SocketError.NoBufferSpaceAvailable),
            _ => new SocketException((int)SocketError.SocketError, $"The connection failed: {System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(error)} (errno {error})."),
        };
    }
}
