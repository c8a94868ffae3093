
namespace Prefork.Native;

/// <summary>An eventfd that one thread waits for and others set (eventfd(2)).</summary>
internal sealed unsafe class WakeEvent : IDisposable
{
    internal FileDescriptor Descriptor { get; } =
        new(Errno.Check(Libc.EventFd(0, Linux.EFD_CLOEXEC | Linux.EFD_NONBLOCK), "create an eventfd"));

    /// <summary>Wakes the waiter. A counter that is already set is enough, so the result does not matter.</summary>
    internal void Set()
    {
        var added = false;
        try
        {
            Descriptor.DangerousAddRef(ref added);
            var one = 1UL;
            _ = Libc.Write(Descriptor.Number, &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // The waiter has left; there is nobody to wake.
        }
        finally
        {
            if (added)
            {
                Descriptor.DangerousRelease();
            }
        }
    }

    internal void Reset()
    {
        ulong count;
        _ = Libc.Read(Descriptor.Number, &count, sizeof(ulong));
    }

    public void Dispose() => Descriptor.Dispose();
}
