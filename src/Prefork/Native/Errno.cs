using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Prefork.Native;

/// <summary>The last error of a native call, and its words.</summary>
internal static class Errno
{
    internal static int Last => Marshal.GetLastPInvokeError();

    internal static string Describe(int errno) => Marshal.GetPInvokeErrorMessage(errno);

    /// <summary>Returns <paramref name="result"/>, or throws what failed and why when it is negative.</summary>
    internal static int Check(int result, string action)
        => result >= 0 ? result : throw Failed(Last, action);

    internal static Win32Exception Failed(int errno, string action)
        => new(errno, $"Could not {action}: {Describe(errno)} (errno {errno}).");

    /// <summary>What .NET calls a socket error that a peer reports as a number of the kernel's.</summary>
    internal static SocketError ToSocketError(int errno) => errno switch
    {
        Linux.EADDRINUSE => SocketError.AddressAlreadyInUse,
        Linux.EADDRNOTAVAIL or Linux.ENOENT => SocketError.AddressNotAvailable,
        Linux.EACCES or Linux.EPERM => SocketError.AccessDenied,
        Linux.EAFNOSUPPORT => SocketError.AddressFamilyNotSupported,
        Linux.EINVAL or Linux.EBADF or Linux.ENAMETOOLONG => SocketError.InvalidArgument,
        Linux.EMFILE or Linux.ENFILE => SocketError.TooManyOpenSockets,
        Linux.ENOMEM or Linux.ENOBUFS => SocketError.NoBufferSpaceAvailable,
        Linux.ETIMEDOUT => SocketError.TimedOut,
        _ => SocketError.SocketError,
    };

    /// <summary>The kernel's number for a socket error of .NET's: what goes on the wire.</summary>
    internal static int FromSocketError(SocketError error) => error switch
    {
        SocketError.AddressAlreadyInUse => Linux.EADDRINUSE,
        SocketError.AddressNotAvailable => Linux.EADDRNOTAVAIL,
        SocketError.AccessDenied => Linux.EACCES,
        SocketError.AddressFamilyNotSupported => Linux.EAFNOSUPPORT,
        SocketError.TooManyOpenSockets => Linux.EMFILE,
        SocketError.NoBufferSpaceAvailable => Linux.ENOBUFS,
        SocketError.TimedOut => Linux.ETIMEDOUT,
        _ => Linux.EINVAL,
    };
}
