using System.Net.Sockets;
using Prefork.Native;

namespace Prefork;

/// <summary>An ordinary listening socket: in a process that is no worker, and for exclusive listeners.</summary>
internal sealed class DirectIntake(Socket listener) : ConnectionIntake
{
    internal override async ValueTask<ClusterConnectionHandle?> AcceptAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var socket = await listener.AcceptAsync(cancellation).ConfigureAwait(false);
                return Take(socket);
            }
            catch (ObjectDisposedException)
            {
                return null;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.OperationAborted or SocketError.Interrupted or SocketError.InvalidArgument)
            {
                return null;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
            {
                // The client left while it waited.
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
            {
                // The backlog keeps the clients; spinning would not free a descriptor.
                await Task.Delay(DescriptorIntake.ExhaustedPause, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The descriptor without the Socket, which stays behind as an empty shell.</summary>
    private static ClusterConnectionHandle Take(Socket socket)
    {
        using (socket)
        {
            return new ClusterConnectionHandle(FileDescriptor.Duplicate(socket.SafeHandle).Release(), counter: null);
        }
    }

    internal override void Leave() => Stop();

    internal override void Stop() => listener.Dispose();

    internal override void Close() => listener.Dispose();
}
