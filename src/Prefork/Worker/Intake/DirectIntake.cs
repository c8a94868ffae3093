using System.ComponentModel;
using System.Net.Sockets;
using Prefork.Native;

namespace Prefork.Worker.Intake;

/// <summary>An ordinary listening socket: in a process that is no worker, and for exclusive listeners.</summary>
internal sealed class DirectIntake(Socket listener) : ConnectionIntake
{
    internal override async ValueTask<ClusterConnectionHandle?> AcceptAsync(CancellationToken cancellation)
    {
        using var socket = await AcceptSocketAsync(cancellation).ConfigureAwait(false);
        while (socket is not null)
        {
            try
            {
                // The descriptor without the Socket, which stays behind as an empty shell.
                return new ClusterConnectionHandle(FileDescriptor.Duplicate(socket.SafeHandle).Release(), counter: null);
            }
            catch (Win32Exception exception) when (exception.NativeErrorCode is Linux.EMFILE or Linux.ENFILE)
            {
                // Whoever cancels waits as long: the connection is accepted, and would be lost.
                await Task.Delay(DescriptorIntake.ExhaustedPause, CancellationToken.None).ConfigureAwait(false);
            }
        }

        return null;
    }

    internal override async ValueTask<Socket?> AcceptSocketAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return await listener.AcceptAsync(cancellation).ConfigureAwait(false);
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

    internal override void Leave() => Stop();

    internal override void Stop() => listener.Dispose();

    internal override void Close() => listener.Dispose();
}
