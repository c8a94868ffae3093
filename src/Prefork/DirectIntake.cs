using System.Net.Sockets;

namespace Prefork;

/// <summary>An ordinary listening socket: in a process that is no worker, and for exclusive listeners.</summary>
internal sealed class DirectIntake(Socket listener) : ConnectionIntake
{
    internal override async ValueTask<Socket?> AcceptAsync(CancellationToken cancellation)
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
