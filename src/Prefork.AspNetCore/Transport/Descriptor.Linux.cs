using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Prefork.AspNetCore.Transport;

/// <summary>A descriptor of the loop's own: its epoll set, or what wakes it.</summary>
internal sealed class Descriptor : SafeHandleMinusOneIsInvalid
{
    private Descriptor(int number) : base(ownsHandle: true) => SetHandle(number);

    /// <summary>Takes ownership of what a system call returned, or throws what it could not do.</summary>
    internal static Descriptor From(int result, string action)
    {
        if (result >= 0)
        {
            return new Descriptor(result);
        }

        var error = Marshal.GetLastPInvokeError();
        throw new Win32Exception(error, $"Could not {action}: {Marshal.GetPInvokeErrorMessage(error)} (errno {error}).");
    }

    protected override bool ReleaseHandle() => Libc.Close(handle) == 0;
}
