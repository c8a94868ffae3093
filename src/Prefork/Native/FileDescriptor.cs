using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Prefork.Native;

/// <summary>Owns one file descriptor and closes it once.</summary>
internal sealed class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    internal FileDescriptor(int descriptor) : base(ownsHandle: true) => SetHandle(descriptor);

    /// <summary>The number, for calls made while the caller holds a reference.</summary>
    internal int Number => (int)handle;

    /// <summary>A second descriptor of the same open file, close-on-exec, numbered <paramref name="minimum"/> or above.</summary>
    internal FileDescriptor Duplicate(int minimum = 3) => Duplicate(this, minimum);

    internal static FileDescriptor Duplicate(SafeHandle handle, int minimum = 3)
    {
        var added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            return new FileDescriptor(Errno.Check(
                Libc.Fcntl((int)handle.DangerousGetHandle(), Linux.F_DUPFD_CLOEXEC, minimum), "duplicate a descriptor"));
        }
        finally
        {
            if (added)
            {
                handle.DangerousRelease();
            }
        }
    }

    /// <summary>Gives the number away: from here on somebody else closes it.</summary>
    internal int Release()
    {
        var number = (int)handle;
        SetHandleAsInvalid();
        return number;
    }

    protected override bool ReleaseHandle() => Libc.Close((int)handle) == 0;
}
