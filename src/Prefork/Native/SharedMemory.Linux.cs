using System.Runtime.InteropServices;

namespace Prefork.Native;

/// <summary>
/// A mapping of memory shared by two processes: a memfd of fixed size, sealed against shrinking by whoever creates it,
/// so that no peer can turn a later access into SIGBUS (memfd_create(2), F_SEAL_SHRINK).
/// The mapping outlives its descriptor and goes with its last user (finalizer): several threads read it without asking each other.
/// </summary>
internal sealed unsafe class SharedMemory : SafeHandle
{
    private readonly nuint _length;

    private SharedMemory(FileDescriptor descriptor, int length) : base(invalidHandleValue: -1, ownsHandle: true)
    {
        _length = (nuint)length;
        SetHandle(Libc.Mmap(0, _length, Linux.PROT_READ | Linux.PROT_WRITE, Linux.MAP_SHARED, descriptor.Number, 0));
        if (IsInvalid)
        {
            throw Errno.Failed(Errno.Last, "map shared memory");
        }
    }

    public override bool IsInvalid => handle == -1;

    internal byte* Address => (byte*)handle;

    /// <summary>Creates memory full of zeros. The caller owns <paramref name="descriptor"/>, by which a peer can map it too.</summary>
    internal static SharedMemory Create(string name, int length, out FileDescriptor descriptor)
    {
        descriptor = new FileDescriptor(Errno.Check(
            Libc.MemfdCreate(name, Linux.MFD_CLOEXEC | Linux.MFD_ALLOW_SEALING), "create shared memory"));
        try
        {
            Errno.Check(Libc.Ftruncate(descriptor.Number, length), "size shared memory");
            Errno.Check(
                Libc.Fcntl(descriptor.Number, Linux.F_ADD_SEALS, Linux.F_SEAL_SHRINK | Linux.F_SEAL_GROW | Linux.F_SEAL_SEAL),
                "seal shared memory");
            return new SharedMemory(descriptor, length);
        }
        catch
        {
            descriptor.Dispose();
            throw;
        }
    }

    /// <summary>Maps what a peer created. The caller keeps <paramref name="descriptor"/> and may close it at once.</summary>
    internal static SharedMemory Map(FileDescriptor descriptor, int length) => new(descriptor, length);

    protected override bool ReleaseHandle() => Libc.Munmap(handle, _length) == 0;
}
