using System.Runtime.InteropServices;

namespace Prefork.Native;

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVec
{
    internal void* Base;
    internal nuint Length;
}

/// <summary>
/// struct msghdr. musl declares the two lengths as 32 bits with padding after them;
/// on little-endian machines a 64-bit value whose upper half is zero is the same bytes.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MsgHdr
{
    internal void* Name;
    internal uint NameLength;
    internal IoVec* Vectors;
    internal nuint VectorCount;
    internal void* Control;
    internal nuint ControlLength;
    internal int Flags;
}

/// <summary>struct mmsghdr: one of several messages to a call.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MMsgHdr
{
    internal MsgHdr Message;
    internal uint Length;
}

/// <summary>struct cmsghdr; its data follows at once, aligned to 8.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CmsgHdr
{
    internal nuint Length;
    internal int Level;
    internal int Type;
}

[StructLayout(LayoutKind.Sequential)]
internal struct PollFd
{
    internal int Descriptor;
    internal short Events;
    internal short Returned;
}

/// <summary>siginfo_t as waitid fills it for a child.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct SigInfo
{
    [FieldOffset(8)] internal int Code;
    [FieldOffset(16)] internal int Pid;
    [FieldOffset(24)] internal int Status;
}

/// <summary>struct rlimit: what is allowed now, and how far the process may raise it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RLimit
{
    internal ulong Current;
    internal ulong Maximum;
}

/// <summary>struct dirent of 64-bit Linux, glibc's and musl's.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal unsafe struct DirectoryEntry
{
    internal ulong Inode;
    internal long Offset;
    internal ushort Length;
    internal byte Type;

    /// <summary>Ends with a NUL.</summary>
    internal fixed byte Name[256];
}
