using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Prefork.IntegrationTests;

/// <summary>
/// Mounted over a folder, and answers nobody: whoever asks for a name in it waits, as with a mount whose server is gone. A FUSE file system whose other end
/// this process holds and never reads. Its end fails those that wait.
/// </summary>
internal sealed class HangingFileSystem : IDisposable
{
    private readonly string _folder;
    private readonly SafeFileHandle _device;

    private HangingFileSystem(string folder, SafeFileHandle device)
    {
        _folder = folder;
        _device = device;
    }

    /// <summary>Skips the test where it cannot be had.</summary>
    internal static HangingFileSystem Mount(string folder)
    {
        const int ReadWrite = 2;
        const int CloseOnExec = 0x80000;
        const nuint NoSetUidNoDevices = 6;
        var number = open("/dev/fuse", ReadWrite | CloseOnExec);
        Assert.SkipWhen(number < 0, $"/dev/fuse could not be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        var device = new SafeFileHandle(number, ownsHandle: true);
        if (mount("hangs", folder, "fuse", NoSetUidNoDevices, $"fd={number},rootmode=40000,user_id=0,group_id=0,allow_other") != 0)
        {
            var why = Marshal.GetLastPInvokeErrorMessage();
            device.Dispose();
            Assert.Skip($"no FUSE file system could be mounted: {why}");
        }

        return new HangingFileSystem(folder, device);
    }

    public void Dispose()
    {
        const int Detach = 2;
        if (!_device.IsClosed)
        {
            _ = umount2(_folder, Detach);
            _device.Dispose();
        }
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int mount(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string source,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string folder,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string type,
        nuint flags,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string options);

    [DllImport("libc", SetLastError = true)]
    private static extern int umount2([MarshalAs(UnmanagedType.LPUTF8Str)] string folder, int flags);
}
