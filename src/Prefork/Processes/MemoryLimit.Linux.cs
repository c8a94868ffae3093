using System.Globalization;

namespace Prefork.Processes;

/// <summary>How much memory the control groups of this process allow (cgroups(7), versions 1 and 2): what a container or a service may use.</summary>
internal static class MemoryLimit
{
    /// <summary>In bytes; null when there is no limit below what the machine has.</summary>
    internal static long? Read()
    {
        try
        {
            var machine = MachineMemory(File.ReadLines("/proc/meminfo"));
            return Read(File.ReadAllLines("/proc/self/mountinfo"), File.ReadAllLines("/proc/self/cgroup"), ReadNumber) is { } limit && limit < machine ? limit : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The least limit on the way from this process's group up to the root of what is mounted.</summary>
    internal static long? Read(string[] mounts, string[] groups, Func<string, long?> readNumber)
    {
        long? least = null;
        foreach (var (mount, root, file, controller) in mounts.Select(ParseMount).OfType<(string, string, string, string)>())
        {
            // id:controllers:path
            var path = groups.Select(line => line.Split(':', 3)).Where(parts => parts.Length == 3 && parts[1].Split(',').Contains(controller)).Select(parts => parts[2]).FirstOrDefault();
            if (path is null)
            {
                continue;
            }

            // In a container the mount's root is the container's own group, and the path may begin with it, or be that of a namespace.
            var below = root != "/" && path.StartsWith(root, StringComparison.Ordinal) ? path[root.Length..] : path;
            for (var folder = below.TrimEnd('/'); ; folder = folder[..folder.LastIndexOf('/')])
            {
                if (readNumber($"{mount}{folder}/{file}") is { } limit && !(limit >= least))
                {
                    least = limit;
                }

                if (folder.LastIndexOf('/') < 0)
                {
                    break;
                }
            }
        }

        return least;
    }

    private static (string Mount, string Root, string File, string Controller)? ParseMount(string line)
    {
        // 36 35 98:0 /root /mount options [optional...] - type source super-options
        var fields = line.Split(' ');
        var separator = Array.IndexOf(fields, "-");
        if (separator < 5 || fields.Length < separator + 4)
        {
            return null;
        }

        return fields[separator + 1] switch
        {
            "cgroup2" => (fields[4], fields[3], "memory.max", ""),
            "cgroup" when fields[separator + 3].Split(',').Contains("memory") => (fields[4], fields[3], "memory.limit_in_bytes", "memory"),
            _ => null,
        };
    }

    private static long MachineMemory(IEnumerable<string> lines)
    {
        var total = lines.First(line => line.StartsWith("MemTotal:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        return long.Parse(total, CultureInfo.InvariantCulture) * 1024;
    }

    private static long? ReadNumber(string file)
        => File.Exists(file) && long.TryParse(File.ReadAllText(file).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
