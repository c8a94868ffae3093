
namespace Prefork.Native;

/// <summary>Pairs of connected ends, close-on-exec. The caller owns both.</summary>
internal static unsafe class SocketPair
{
    private const int DefaultPipeSize = 64 * 1024;

    internal static (FileDescriptor First, FileDescriptor Second) Stream() => Create(Linux.SOCK_STREAM);

    internal static (FileDescriptor First, FileDescriptor Second) SeqPacket() => Create(Linux.SOCK_SEQPACKET);

    internal static (FileDescriptor Read, FileDescriptor Write) Pipe()
    {
        var ends = stackalloc int[2];
        Errno.Check(Libc.Pipe2(ends, Linux.O_CLOEXEC), "create a pipe");
        return (new FileDescriptor(ends[0]), new FileDescriptor(ends[1]));
    }

    /// <summary>
    /// How much a pipe holds, as near to <paramref name="bytes"/> as the system allows (/proc/sys/fs/pipe-max-size, and what is left of pipe-user-pages-soft to this user);
    /// a pipe that cannot be made larger stays as it is. The kernel takes memory for what is in it, not for its size.
    /// </summary>
    internal static void SetPipeSize(FileDescriptor pipe, int bytes)
    {
        for (; bytes > DefaultPipeSize && Libc.Fcntl(pipe.Number, Linux.F_SETPIPE_SZ, bytes) < 0; bytes /= 2)
        {
        }
    }

    private static (FileDescriptor First, FileDescriptor Second) Create(int type)
    {
        var ends = stackalloc int[2];
        Errno.Check(Libc.SocketPair(Linux.AF_UNIX, type | Linux.SOCK_CLOEXEC, 0, ends), "create a socket pair");
        return (new FileDescriptor(ends[0]), new FileDescriptor(ends[1]));
    }
}
