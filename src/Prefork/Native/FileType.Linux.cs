using System.Runtime.CompilerServices;

namespace Prefork.Native;

/// <summary>Which file a path is, as long as it is open somewhere: only then is its number not given to another one.</summary>
internal readonly record struct FileIdentity(ulong Inode, ulong Device);

/// <summary>What kind of file a path is, and which, where .NET does not say (statx(2)).</summary>
internal static unsafe class FileType
{
    private const int ResultSize = 256;

    internal static bool IsSocket(string path) => Is(path, 0xC000);

    internal static bool IsPipe(string path) => Is(path, 0x1000);

    /// <summary>Null when there is no such file.</summary>
    internal static uint? OwnerOf(string path)
    {
        const int OwnerOffset = 20;
        var result = stackalloc byte[ResultSize];
        return Look(path, result) ? Unsafe.ReadUnaligned<uint>(result + OwnerOffset) : null;
    }

    /// <summary>Null when there is no such file, or when the system has no such call.</summary>
    internal static FileIdentity? IdentityOf(string path)
    {
        const int InodeOffset = 32;
        const int DeviceOffset = 136;
        var result = stackalloc byte[ResultSize];
        return Look(path, result)
            ? new FileIdentity(Unsafe.ReadUnaligned<ulong>(result + InodeOffset), Unsafe.ReadUnaligned<ulong>(result + DeviceOffset))
            : null;
    }

    private static bool Is(string path, int format)
    {
        const int ModeOffset = 28;
        const int FormatMask = 0xF000;
        var result = stackalloc byte[ResultSize];
        return Look(path, result) && (Unsafe.ReadUnaligned<ushort>(result + ModeOffset) & FormatMask) == format;
    }

    private static bool Look(string path, byte* result)
    {
        const int AtCurrentDirectory = -100;
        const int NoFollow = 0x100;
        const uint TypeOwnerAndInode = 0x109;
        try
        {
            return Libc.Statx(AtCurrentDirectory, path, NoFollow, TypeOwnerAndInode, result) == 0;
        }
        catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException)
        {
            // A process that only listens may run on another system.
            return false;
        }
    }
}
