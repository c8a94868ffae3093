using System.Net.Sockets;
using Prefork.Native;
using Prefork.Sockets;

namespace Prefork.Primary.Accept;

/// <summary>The close of a listening socket. One on a Unix path unlinks it, and waits for the file system: elsewhere.</summary>
internal static class ListenerSocket
{
    /// <param name="socket">Closed here, and nowhere else. If the process dies meanwhile, the kernel closes it, and the path stays: stale, for the next one to remove.</param>
    /// <param name="files">Threads that may wait for a file system.</param>
    /// <param name="closed">Called on any thread, when the address is free.</param>
    internal static void Close(Socket socket, BlockingPool files, Action closed)
    {
        if (socket is not UnixPathSocket)
        {
            socket.Dispose();
            closed();
            return;
        }

        files.Run(() =>
        {
            socket.Dispose();
            closed();
        });
    }
}
