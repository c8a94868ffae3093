using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Prefork.Processes;

namespace Prefork.Tool;

/// <summary>Whether the kernel can execute a file: what it would answer with "Exec format error", or "No such file" of a file that is there, is said before anything starts.</summary>
internal static class ExecutableFormat
{
    private const int HeadSize = 4096;

    /// <summary>execve(2): what of the first line the kernel reads.</summary>
    private const int LongestFirstLine = 255;

    private const string BinaryFormats = "/proc/sys/fs/binfmt_misc";
    private const string EnvCommand = "env";

    // elf(5)
    private const byte Class64 = 2;
    private const int MachineOffset = 18;
    private const int TypeOffset = 16;
    private const ushort TypeExecutable = 2;
    private const ushort TypeShared = 3;
    private const uint SegmentOfInterpreter = 3;

    /// <param name="path">A regular file.</param>
    /// <param name="workingDirectory">The workers'.</param>
    /// <param name="searchPath">The workers' PATH; null for this process's.</param>
    /// <exception cref="UnusableProgramException">It cannot, and the message says why and what to do.</exception>
    internal static void Check(string path, string? workingDirectory, string? searchPath)
    {
        using var file = File.OpenRead(path);
        var buffer = new byte[HeadSize];
        ReadOnlySpan<byte> head = buffer.AsSpan(0, file.ReadAtLeast(buffer, HeadSize, throwOnEndOfStream: false));
        if (head.StartsWith("#!"u8))
        {
            CheckInterpreter(path, head, workingDirectory, searchPath);
        }
        else if (head.StartsWith("\x7f"u8) && head[1..].StartsWith("ELF"u8))
        {
            CheckElf(path, head);
        }
        else if (!HasBinaryFormats())
        {
            throw new UnusableProgramException(head.IsEmpty ? $"{path} is empty."
                : head.StartsWith("MZ"u8) ? $"{path} is a program for Windows. Name the application's .dll, or its executable for Linux."
                : $"{path} is neither an executable (ELF) nor a script that names its interpreter (#! on its first line). Name an application's .dll or executable, or a Node script by its extension (.js, .mjs, .cjs, .ts, .mts, .cts).");
        }
    }

    private static void CheckInterpreter(string path, ReadOnlySpan<byte> head, string? workingDirectory, string? searchPath)
    {
        var end = head.IndexOf((byte)'\n');
        var line = Encoding.UTF8.GetString(head[2..Math.Min(end < 0 ? head.Length : end, LongestFirstLine)]);
        if (line.EndsWith('\r'))
        {
            throw new UnusableProgramException($"{path} has Windows line ends: its interpreter would be '{line.Trim()}' with a carriage return at the end, which is not there. Convert it (sed -i 's/\\r$//' FILE).");
        }

        var words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0)
        {
            throw new UnusableProgramException($"{path} names no interpreter behind the #! on its first line.");
        }

        var interpreter = Path.GetFullPath(words[0], Path.GetFullPath(workingDirectory ?? "."));
        if (!File.Exists(interpreter))
        {
            throw new UnusableProgramException($"{path} is a script for {words[0]} (its first line), which is not there. Install it, or correct that line.");
        }

        if (!Control.Native.MayExecute(interpreter))
        {
            throw new UnusableProgramException($"{path} is a script for {words[0]} (its first line), which may not be executed.");
        }

        // env(1): options and variables come before the command.
        var command = Path.GetFileName(words[0]) == EnvCommand ? Array.Find(words[1..], static word => word[0] != '-' && !word.Contains('=')) : null;
        if (command is not null && !command.Contains('/') && ProgramCommand.FindInPath(command, searchPath) is null)
        {
            throw new UnusableProgramException($"{path} is a script for {command} (its first line), and there is no '{command}' in PATH.");
        }
    }

    private static void CheckElf(string path, ReadOnlySpan<byte> head)
    {
        if (head.Length < 64)
        {
            throw new UnusableProgramException($"{path} is no whole executable: it ends within its head.");
        }

        var type = BinaryPrimitives.ReadUInt16LittleEndian(head[TypeOffset..]);
        if (type is not (TypeExecutable or TypeShared))
        {
            throw new UnusableProgramException($"{path} is no program, but an object file or a core dump.");
        }

        // With the 32 bits of the same machine, which a kernel may know.
        ReadOnlySpan<ushort> machines = RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => [62, 3],
            Architecture.Arm64 => [183, 40],
            _ => [],
        };
        var machine = BinaryPrimitives.ReadUInt16LittleEndian(head[MachineOffset..]);
        if (!machines.IsEmpty && !machines.Contains(machine))
        {
            if (HasBinaryFormats())
            {
                return;
            }

            throw new UnusableProgramException($"{path} is built for another machine than this one ({RuntimeInformation.RuntimeIdentifier}). Publish it for this one.");
        }

        if (head[4] == Class64 && FindLoader(head) is { } loader && !File.Exists(loader))
        {
            throw new UnusableProgramException($"{path} needs the loader {loader}, which is not there: it is built for another Linux (glibc, musl). Publish it for this one ({RuntimeInformation.RuntimeIdentifier}).");
        }
    }

    /// <summary>Null when it needs none, or says so further on in the file than is read.</summary>
    private static string? FindLoader(ReadOnlySpan<byte> head)
    {
        var table = BinaryPrimitives.ReadUInt64LittleEndian(head[32..]);
        var size = BinaryPrimitives.ReadUInt16LittleEndian(head[54..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(head[56..]);
        const int EntrySize = 56;
        for (var i = 0; i < count && size >= EntrySize; i++)
        {
            var at = table + (ulong)(i * size);
            if (at > (ulong)(head.Length - EntrySize))
            {
                return null;
            }

            var entry = head.Slice((int)at, EntrySize);
            if (BinaryPrimitives.ReadUInt32LittleEndian(entry) != SegmentOfInterpreter)
            {
                continue;
            }

            var (offset, length) = (BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]), BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]));
            return length > 0 && offset < (ulong)head.Length && length <= (ulong)head.Length - offset ? Encoding.UTF8.GetString(head.Slice((int)offset, (int)length)).TrimEnd('\0') : null;
        }

        return null;
    }

    /// <summary>Whether somebody has taught this kernel other formats (binfmt_misc), such as another machine's by QEMU: then it may know this one.</summary>
    private static bool HasBinaryFormats()
    {
        try
        {
            return Directory.EnumerateFiles(BinaryFormats).Any(static file => Path.GetFileName(file) is not ("register" or "status"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
