using System.Globalization;
using Prefork.AspNetCore.Transport;

namespace Prefork.AspNetCore.StartupChecks;

/// <summary>Which regular files processes have open for writing: /proc/pid/fd and fdinfo (proc(5)).</summary>
/// <remarks>
/// No file is opened here. Whoever closes any descriptor of a file gives back all locks that this process has on it (fcntl(2)), and so would break
/// the application's databases.
/// </remarks>
internal static class OpenFiles
{
    private const int AccessMode = 3;
    private const int Append = 0x400;

    /// <summary>
    /// The files of this process, as paths with one of their descriptors. Not the standard streams, which are the same for all on purpose, and not
    /// what is opened for appending, where the kernel keeps lines whole.
    /// </summary>
    internal static Dictionary<string, int> OfThisProcess() => Of(Environment.ProcessId);

    /// <summary>
    /// Whether a file of this process begins so. The descriptor is the application's, and may be closed or another file's by now: then the answer
    /// is that file's, or false. pread(2) moves no position, and takes nothing from a socket or a pipe.
    /// </summary>
    internal static unsafe bool BeginsWith(int descriptor, ReadOnlySpan<byte> header)
    {
        Span<byte> read = stackalloc byte[header.Length];
        fixed (byte* buffer = read)
        {
            return Libc.PRead(descriptor, buffer, (nuint)read.Length, 0) == read.Length && read.SequenceEqual(header);
        }
    }

    /// <summary>The same of the primary and of its other children.</summary>
    internal static HashSet<string> OfTheOthers()
    {
        var primary = ParentOf(Environment.ProcessId);
        var others = Directory.EnumerateDirectories($"/proc/{primary}/task")
            .SelectMany(thread => File.ReadAllText($"{thread}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(pid => int.Parse(pid, CultureInfo.InvariantCulture))
            .Where(pid => pid != Environment.ProcessId)
            .Append(primary);
        return [.. others.SelectMany(static pid => TryOf(pid).Keys)];
    }

    private static Dictionary<string, int> TryOf(int pid)
    {
        try
        {
            return Of(pid);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It has ended, or runs as another user.
            return [];
        }
    }

    private static Dictionary<string, int> Of(int pid)
    {
        var files = new Dictionary<string, int>(StringComparer.Ordinal);
        var streams = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd"))
        {
            var number = Path.GetFileName(entry);
            if (new FileInfo(entry).LinkTarget is not { } target || !IsFile(target))
            {
                continue;
            }

            if (number is "0" or "1" or "2")
            {
                streams.Add(target);
            }
            else if (IsWritten($"/proc/{pid}/fdinfo/{number}"))
            {
                files[target] = int.Parse(number, CultureInfo.InvariantCulture);
            }
        }

        foreach (var stream in streams)
        {
            files.Remove(stream);
        }

        return files;
    }

    private static bool IsFile(string target)
        => target.StartsWith('/')
            && !target.StartsWith("/dev/", StringComparison.Ordinal) && !target.StartsWith("/proc/", StringComparison.Ordinal)
            && !target.StartsWith("/sys/", StringComparison.Ordinal) && !target.StartsWith("/memfd:", StringComparison.Ordinal)
            && File.Exists(target);

    private static bool IsWritten(string info)
    {
        try
        {
            var flags = File.ReadLines(info).First(line => line.StartsWith("flags:", StringComparison.Ordinal))["flags:".Length..].Trim();
            var value = Convert.ToInt32(flags, 8);
            return (value & AccessMode) != 0 && (value & Append) == 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Closed meanwhile.
            return false;
        }
    }

    private static int ParentOf(int pid)
    {
        // pid (name, which may contain anything) state parent
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
    }
}
