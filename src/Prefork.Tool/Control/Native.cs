using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Prefork.Tool.Control;

/// <summary>What .NET has no words for: who I am, whose a file is, a lock that can be looked at, and a session of one's own. Constants are those of x64 and arm64.</summary>
internal static unsafe partial class Native
{
    private const int AtCurrentFolder = -100;
    private const int NoFollow = 0x100;
    private const int EmptyPath = 0x1000;
    private const int ReadWrite = 2;
    private const int Create = 0x40;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int SetDescriptorFlags = 2;
    private const int CloseOnExecFlag = 1;
    private const uint OwnersOnly = 0x180;
    private const int GetOpenFileLock = 36;
    private const int SetOpenFileLock = 37;
    private const short WriteLock = 1;
    private const short Unlocked = 2;
    private const int Execute = 1;
    private const int NotThere = 2;
    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const int Stop = 19;
    private const uint BasicStats = 0x7ff;
    private const ushort TypeMask = 0xf000;
    private const ushort LinkType = 0xa000;
    private const ushort RegularType = 0x8000;

    /// <summary>O_NOFOLLOW, the one that differs between the two.</summary>
    private static readonly int s_openNoLink = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    internal static uint EffectiveUserId => GetEffectiveUserId();

    /// <summary>Leaves the terminal: its end, and its Ctrl+C, are no longer this process's (setsid(2)).</summary>
    internal static void LeaveTerminal() => _ = SetSession();

    /// <summary>
    /// What this process has open beyond the standard streams stays with it: what it starts does not get it (fcntl(2), FD_CLOEXEC). All of it was given by
    /// whoever started this process; what .NET opens is so already.
    /// </summary>
    internal static void KeepDescriptors()
    {
        foreach (var entry in Directory.GetFileSystemEntries("/proc/self/fd"))
        {
            // One that has been closed meanwhile was the listing's own.
            if (int.TryParse(Path.GetFileName(entry), out var descriptor) && descriptor > 2)
            {
                _ = ControlDescriptor(descriptor, SetDescriptorFlags, CloseOnExecFlag);
            }
        }
    }

    /// <summary>Stops this process until somebody lets it go on (SIGSTOP).</summary>
    internal static void Suspend() => _ = Kill(Environment.ProcessId, Stop);

    /// <summary>Without following a link (statx(2), whose layout is the same on every machine).</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="IOException">It cannot be looked at.</exception>
    internal static (uint Owner, bool IsLink) OwnerOf(string path)
    {
        var status = default(Status);
        return StatX(AtCurrentFolder, path, NoFollow, BasicStats, &status) == 0 ? (status.Owner, (status.Mode & TypeMask) == LinkType)
            : Marshal.GetLastPInvokeError() == NotThere ? throw new FileNotFoundException(Marshal.GetLastPInvokeErrorMessage())
            : throw new IOException(Marshal.GetLastPInvokeErrorMessage());
    }

    /// <summary>Whose the file is that is open.</summary>
    internal static uint OwnerOf(SafeFileHandle file) => StatusOf(file).Owner;

    /// <summary>Which file a path names, without following a link; null when there is none, or it cannot be looked at.</summary>
    internal static FileIdentity? IdentityOf(string path)
    {
        var status = default(Status);
        return StatX(AtCurrentFolder, path, NoFollow, BasicStats, &status) == 0 ? new FileIdentity(status.DeviceMajor, status.DeviceMinor, status.Inode) : null;
    }

    internal static FileIdentity IdentityOf(SafeFileHandle file)
    {
        var status = StatusOf(file);
        return new FileIdentity(status.DeviceMajor, status.DeviceMinor, status.Inode);
    }

    /// <summary>What a link leads to counts.</summary>
    internal static bool IsRegularFile(string path)
    {
        var status = default(Status);
        return StatX(AtCurrentFolder, path, 0, BasicStats, &status) == 0
            ? (status.Mode & TypeMask) == RegularType
            : throw new IOException(Marshal.GetLastPInvokeErrorMessage());
    }

    /// <summary>Whether two descriptors of this process are of one file; false when one of them is closed.</summary>
    internal static bool IsSameFile(int first, int second)
    {
        var (one, other) = (default(Status), default(Status));
        return StatX(first, "", EmptyPath, BasicStats, &one) == 0 && StatX(second, "", EmptyPath, BasicStats, &other) == 0
            && (one.Inode, one.DeviceMajor, one.DeviceMinor) == (other.Inode, other.DeviceMajor, other.DeviceMinor);
    }

    /// <summary>Whether this user may execute it, here: not where it is on a file system that is mounted noexec (access(2)).</summary>
    internal static bool MayExecute(string path) => Access(path, Execute) == 0;

    /// <summary>
    /// Without the lock that a FileStream takes (open(2)). The handle is the caller's; null when there is no such file, and it is not to be made.
    /// Another user may have put anything there: a link is not followed, a pipe not waited for, and nothing but a regular file opened.
    /// </summary>
    internal static SafeFileHandle? Open(string path, bool create)
    {
        int descriptor;
        do
        {
            descriptor = OpenFile(path, (create ? ReadWrite | Create : 0) | CloseOnExec | NonBlocking | s_openNoLink, OwnersOnly);
        }
        while (descriptor < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        if (descriptor < 0)
        {
            return !create && Marshal.GetLastPInvokeError() == NotThere ? null : throw new IOException(Marshal.GetLastPInvokeErrorMessage());
        }

        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        if ((StatusOf(file).Mode & TypeMask) != RegularType)
        {
            file.Dispose();
            throw new IOException("it is not a regular file");
        }

        return file;
    }

    /// <summary>Takes the lock of a file for this open file, with whose last descriptor it goes (fcntl(2), F_OFD_SETLK); false when another has it.</summary>
    internal static bool TryLock(SafeFileHandle file)
    {
        var mine = new FileLock { Type = WriteLock };
        return Control(file, SetOpenFileLock, &mine) == 0
            || (Marshal.GetLastPInvokeError() == TryAgain ? false : throw new IOException(Marshal.GetLastPInvokeErrorMessage()));
    }

    /// <summary>Whether another open file has it; takes nothing (F_OFD_GETLK).</summary>
    internal static bool IsLocked(SafeFileHandle file)
    {
        var found = new FileLock { Type = WriteLock };
        return Control(file, GetOpenFileLock, &found) == 0 ? found.Type != Unlocked : throw new IOException(Marshal.GetLastPInvokeErrorMessage());
    }

    /// <summary>Whether it still has a name.</summary>
    internal static bool IsNamed(SafeFileHandle file) => StatusOf(file).Links > 0;

    private static Status StatusOf(SafeFileHandle file)
    {
        var status = default(Status);
        var held = false;
        try
        {
            file.DangerousAddRef(ref held);
            return StatX((int)file.DangerousGetHandle(), "", EmptyPath, BasicStats, &status) == 0 ? status : throw new IOException(Marshal.GetLastPInvokeErrorMessage());
        }
        finally
        {
            if (held)
            {
                file.DangerousRelease();
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, int command, FileLock* argument);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int ControlDescriptor(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUserId();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "setsid")]
    private static partial int SetSession();

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, Status* status);

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(16)]
        internal uint Links;

        [FieldOffset(20)]
        internal uint Owner;

        [FieldOffset(28)]
        internal ushort Mode;

        [FieldOffset(32)]
        internal ulong Inode;

        [FieldOffset(136)]
        internal uint DeviceMajor;

        [FieldOffset(140)]
        internal uint DeviceMinor;
    }

    /// <summary>struct flock; all zero means the whole file.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FileLock
    {
        internal short Type;
        internal short Whence;
        internal long Start;
        internal long Length;
        internal int Owner;
    }
}

/// <summary>One file and no other, as long as it is there.</summary>
internal readonly record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Inode);
