namespace Prefork.Native;

/// <summary>getsockopt(2) of the socket level.</summary>
internal static unsafe class SocketOption
{
    /// <summary>Null when it is no socket.</summary>
    internal static int? Get(int descriptor, int option)
    {
        var value = 0;
        var length = (uint)sizeof(int);
        return Libc.GetSockOpt(descriptor, Linux.SOL_SOCKET, option, &value, &length) == 0 ? value : null;
    }

    /// <summary>The process that made the other end of a Unix socket, or listens there (SO_PEERCRED); null when it is not known, as of one outside this container.</summary>
    internal static int? PeerProcess(int descriptor)
    {
        // The process, its user, its group.
        var credentials = stackalloc int[3];
        var length = 3 * (uint)sizeof(int);
        return Libc.GetSockOpt(descriptor, Linux.SOL_SOCKET, Linux.SO_PEERCRED, credentials, &length) == 0 && credentials[0] > 0 ? credentials[0] : null;
    }
}
