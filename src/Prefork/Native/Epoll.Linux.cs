using System.Runtime.InteropServices;

namespace Prefork.Native;

/// <summary>
/// A level-triggered epoll set (epoll(7)). struct epoll_event is packed on x64 only,
/// so its fields are reached by offset.
/// </summary>
internal sealed unsafe class Epoll : IDisposable
{
    private const int Capacity = 64;
    private static readonly bool Packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int TokenOffset = Packed ? 4 : 8;
    private static readonly int Stride = TokenOffset + sizeof(long);

    private readonly FileDescriptor _epoll = new(Errno.Check(Libc.EpollCreate1(Linux.O_CLOEXEC), "create an epoll set"));
    private readonly byte[] _events = GC.AllocateArray<byte>(Capacity * Stride, pinned: true);

    internal void Add(FileDescriptor descriptor, uint interest, long token)
        => Errno.Check(Control(Linux.EPOLL_CTL_ADD, descriptor, interest, token), "watch a descriptor");

    internal void Modify(FileDescriptor descriptor, uint interest, long token)
        => Errno.Check(Control(Linux.EPOLL_CTL_MOD, descriptor, interest, token), "watch a descriptor");

    internal void Remove(FileDescriptor descriptor) => _ = Control(Linux.EPOLL_CTL_DEL, descriptor, 0, 0);

    /// <summary>Returns how many events <see cref="Event"/> now gives: waits for some without limit, or only looks.</summary>
    internal int Wait(bool blocks = true)
    {
        fixed (byte* events = _events)
        {
            int count;
            do
            {
                count = Libc.EpollWait(_epoll.Number, events, Capacity, blocks ? -1 : 0);
            }
            while (count < 0 && Errno.Last == Linux.EINTR);
            return Errno.Check(count, "wait for events");
        }
    }

    internal (uint Events, long Token) Event(int index)
    {
        var entry = _events.AsSpan(index * Stride, Stride);
        return (MemoryMarshal.Read<uint>(entry), MemoryMarshal.Read<long>(entry[TokenOffset..]));
    }

    public void Dispose() => _epoll.Dispose();

    private int Control(int operation, FileDescriptor descriptor, uint interest, long token)
    {
        var entry = stackalloc byte[Stride];
        *(uint*)entry = interest;
        *(long*)(entry + TokenOffset) = token;
        return Libc.EpollCtl(_epoll.Number, operation, descriptor.Number, entry);
    }
}
