using System.Net.Sockets;

namespace Prefork.Tool.Control;

/// <summary>Who is at the other end of a Unix socket.</summary>
internal static class SocketPeer
{
    private const int SolSocket = 1;
    private const int PeerCredentials = 17;

    /// <summary>
    /// unix(7), SO_PEERCRED: pid, uid and gid as the kernel knows them, of whoever connected, or whoever listened. Null when it does not say.
    /// </summary>
    internal static uint? UserOf(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        return socket.GetRawSocketOption(SolSocket, PeerCredentials, credentials) == credentials.Length ? BitConverter.ToUInt32(credentials[4..8]) : null;
    }
}
