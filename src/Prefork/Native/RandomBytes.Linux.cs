using System.Diagnostics;

namespace Prefork.Native;

/// <summary>The kernel's random bytes. .NET's own generator would load OpenSSL, for which a primary has no other use.</summary>
internal static class RandomBytes
{
    /// <param name="count">At most 256: so much the kernel gives whole, and uninterrupted (getrandom(2)).</param>
    internal static unsafe byte[] Get(int count)
    {
        Debug.Assert(count <= 256);
        var bytes = new byte[count];
        fixed (byte* buffer = bytes)
        {
            nint got;
            do
            {
                got = Libc.GetRandom(buffer, (nuint)count, 0);
            }
            while (got < 0 && Errno.Last == Linux.EINTR);
            return got == count ? bytes : throw Errno.Failed(Errno.Last, "get random bytes (getrandom(2))");
        }
    }
}
