using System.Runtime.InteropServices;

namespace Prefork.Tool.Control;

/// <summary>What .NET has no words for: who I am, whose a file is, and a session of one's own.</summary>
internal static unsafe partial class Native
{
    private const int AtCurrentFolder = -100;
    private const int NoFollow = 0x100;
    private const uint BasicStats = 0x7ff;
    private const ushort TypeMask = 0xf000;
    private const ushort LinkType = 0xa000;
    private const ushort RegularType = 0x8000;

    internal static uint EffectiveUserId => GetEffectiveUserId();

    /// <summary>Leaves the terminal: its end, and its Ctrl+C, are no longer this process's (setsid(2)).</summary>
    internal static void LeaveTerminal() => _ = SetSession();

    /// <summary>Without following a link (statx(2), whose layout is the same on every machine).</summary>
    internal static (uint Owner, bool IsLink) OwnerOf(string path)
    {
        var status = default(Status);
        return StatX(AtCurrentFolder, path, NoFollow, BasicStats, &status) == 0
            ? (status.Owner, (status.Mode & TypeMask) == LinkType)
            : throw new IOException(Marshal.GetLastPInvokeErrorMessage());
    }

    /// <summary>What a link leads to counts.</summary>
    internal static bool IsRegularFile(string path)
    {
        var status = default(Status);
        return StatX(AtCurrentFolder, path, 0, BasicStats, &status) == 0
            ? (status.Mode & TypeMask) == RegularType
            : throw new IOException(Marshal.GetLastPInvokeErrorMessage());
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUserId();

    [LibraryImport("libc", EntryPoint = "setsid")]
    private static partial int SetSession();

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, Status* status);

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(20)]
        internal uint Owner;

        [FieldOffset(28)]
        internal ushort Mode;
    }
}
