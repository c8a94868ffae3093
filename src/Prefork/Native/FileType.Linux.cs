using System.Runtime.CompilerServices;

namespace Prefork.Native;

/// <summary>Which file a path is, as long as it is open somewhere: only then is its number not given to another one.</summary>
internal readonly record struct FileIdentity(ulong Inode, ulong Device);

/// <summary>What kind of file a path is, and which, where .NET does not say (statx(2)).</summary>
internal static unsafe class FileType
{
    private const int ResultSize = 256;
    private const int AtCurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const int Pipe = 0x1000;
    private const int Socket = 0xC000;

    internal static bool IsSocket(string path) => Is(path, Socket);

    internal static bool IsPipe(string path) => Is(path, Pipe);

    /// <summary>Null when there is no such file.</summary>
    internal static uint? OwnerOf(string path)
    {
        const int OwnerOffset = 20;
        var result = stackalloc byte[ResultSize];
        return Look(AtCurrentDirectory, path, result, NoFollow) ? Unsafe.ReadUnaligned<uint>(result + OwnerOffset) : null;
    }

    /// <summary>Which socket a descriptor is of; null when it is of something else, or not open.</summary>
    internal static FileIdentity? SocketOf(int descriptor)
    {
        const int EmptyPath = 0x1000;
        var result = stackalloc byte[ResultSize];
        return Look(descriptor, "", result, EmptyPath) && FormatOf(result) == Socket ? Identity(result) : null;
    }

    /// <summary>Null when there is no such file, or when the system has no such call.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="follow">Whether a link stands for what it leads to.</param>
    internal static FileIdentity? IdentityOf(string path, bool follow = false)
    {
        var result = stackalloc byte[ResultSize];
        return Look(AtCurrentDirectory, path, result, follow ? 0 : NoFollow) ? Identity(result) : null;
    }

    private static bool Is(string path, int format)
    {
        var result = stackalloc byte[ResultSize];
        return Look(AtCurrentDirectory, path, result, NoFollow) && FormatOf(result) == format;
    }

    private static int FormatOf(byte* result)
    {
        const int ModeOffset = 28;
        const int FormatMask = 0xF000;
        return Unsafe.ReadUnaligned<ushort>(result + ModeOffset) & FormatMask;
    }

    private static FileIdentity Identity(byte* result)
    {
        const int InodeOffset = 32;
        const int DeviceOffset = 136;
        return new FileIdentity(Unsafe.ReadUnaligned<ulong>(result + InodeOffset), Unsafe.ReadUnaligned<ulong>(result + DeviceOffset));
    }

    private static bool Look(int directory, string path, byte* result, int flags)
    {
        const uint TypeOwnerAndInode = 0x109;
        try
        {
            return Libc.Statx(directory, path, flags, TypeOwnerAndInode, result) == 0;
        }
        catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException)
        {
            // A process that only listens may run on another system.
            return false;
        }
    }
}
