using System.Globalization;

namespace Prefork.AspNetCore.StartupChecks;

/// <summary>Which regular files processes have open for writing: /proc/pid/fd and fdinfo (proc(5)).</summary>
internal static class OpenFiles
{
    private const int AccessMode = 3;
    private const int Append = 0x400;

    /// <summary>
    /// The files of this process: their paths, each with a descriptor that it is open as. Not the standard streams, which are the same for all on purpose, and not what is opened for appending,
    /// where the kernel keeps lines whole.
    /// </summary>
    internal static Dictionary<string, int> OfThisProcess() => Of(Environment.ProcessId);

    /// <summary>The same of the primary and of its other children.</summary>
    internal static HashSet<string> OfTheOthers()
    {
        var primary = ParentOf(Environment.ProcessId);
        var others = Directory.EnumerateDirectories($"/proc/{primary}/task")
            .SelectMany(thread => File.ReadAllText($"{thread}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(pid => int.Parse(pid, CultureInfo.InvariantCulture))
            .Where(pid => pid != Environment.ProcessId)
            .Append(primary);
        return new HashSet<string>(others.SelectMany(TryOf), StringComparer.Ordinal);
    }

    private static IEnumerable<string> TryOf(int pid)
    {
        try
        {
            return Of(pid).Keys;
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
