using System.Runtime.CompilerServices;

namespace Prefork.Native;

/// <summary>What kind of file a path is, where .NET does not say (statx(2)).</summary>
internal static unsafe class FileType
{
    internal static bool IsSocket(string path)
    {
        const int AtCurrentDirectory = -100;
        const int NoFollow = 0x100;
        const uint TypeMask = 1;
        const int ModeOffset = 28;
        const int FormatMask = 0xF000;
        const int Socket = 0xC000;
        var result = stackalloc byte[256];
        return Libc.Statx(AtCurrentDirectory, path, NoFollow, TypeMask, result) == 0
            && (Unsafe.ReadUnaligned<ushort>(result + ModeOffset) & FormatMask) == Socket;
    }
}
