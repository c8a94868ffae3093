using System.Runtime.InteropServices;

namespace Prefork.AspNetCore.Transport;

/// <summary>
/// An edge-triggered epoll set (epoll(7)) and the events last fetched from it.
/// struct epoll_event is packed on x64 only, so its fields are reached by offset.
/// </summary>
internal sealed unsafe class EpollSet : IDisposable
{
    private const int Capacity = 128;
    private static readonly int TokenOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int Stride = TokenOffset + sizeof(long);

    private readonly Descriptor _epoll = Descriptor.From(Libc.EpollCreate1(Libc.O_CLOEXEC), "create an epoll set");
    private readonly byte[] _events = GC.AllocateArray<byte>(Capacity * Stride, pinned: true);

    internal bool TryAdd(SafeHandle descriptor, uint interest, long token) => Control(Libc.EPOLL_CTL_ADD, descriptor, interest, token);

    /// <summary>Also asks anew: what is ready now is reported again.</summary>
    internal bool TryModify(SafeHandle descriptor, uint interest, long token) => Control(Libc.EPOLL_CTL_MOD, descriptor, interest, token);

    /// <summary>Waits without limit; returns how many events <see cref="Event"/> now gives.</summary>
    internal int Wait()
    {
        var events = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_events, 0);
        while (true)
        {
            var count = Libc.EpollWait(_epoll, events, Capacity, -1);
            if (count >= 0)
            {
                return count;
            }

            if (Marshal.GetLastPInvokeError() != Libc.EINTR)
            {
                throw new InvalidOperationException($"Could not wait for events (errno {Marshal.GetLastPInvokeError()}).");
            }
        }
    }

    internal (uint Events, long Token) Event(int index)
    {
        var entry = _events.AsSpan(index * Stride, Stride);
        return (MemoryMarshal.Read<uint>(entry), MemoryMarshal.Read<long>(entry[TokenOffset..]));
    }

    public void Dispose() => _epoll.Dispose();

    private bool Control(int operation, SafeHandle descriptor, uint interest, long token)
    {
        var entry = stackalloc byte[Stride];
        *(uint*)entry = interest | Libc.EPOLLET;
        *(long*)(entry + TokenOffset) = token;
        try
        {
            return Libc.EpollCtl(_epoll, operation, descriptor, entry) == 0;
        }
        catch (ObjectDisposedException)
        {
            // The loop has ended, and nothing will be reported any more.
            return false;
        }
    }
}
