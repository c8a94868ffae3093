
namespace Prefork.Native;

/// <summary>Pairs of connected ends, close-on-exec. The caller owns both.</summary>
internal static unsafe class SocketPair
{
    internal static (FileDescriptor First, FileDescriptor Second) Stream() => Create(Linux.SOCK_STREAM);

    internal static (FileDescriptor First, FileDescriptor Second) SeqPacket() => Create(Linux.SOCK_SEQPACKET);

    internal static (FileDescriptor Read, FileDescriptor Write) Pipe()
    {
        var ends = stackalloc int[2];
        Errno.Check(Libc.Pipe2(ends, Linux.O_CLOEXEC), "create a pipe");
        return (new FileDescriptor(ends[0]), new FileDescriptor(ends[1]));
    }

    private static (FileDescriptor First, FileDescriptor Second) Create(int type)
    {
        var ends = stackalloc int[2];
        Errno.Check(Libc.SocketPair(Linux.AF_UNIX, type | Linux.SOCK_CLOEXEC, 0, ends), "create a socket pair");
        return (new FileDescriptor(ends[0]), new FileDescriptor(ends[1]));
    }
}
