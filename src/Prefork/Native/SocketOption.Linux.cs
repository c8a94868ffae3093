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
}
