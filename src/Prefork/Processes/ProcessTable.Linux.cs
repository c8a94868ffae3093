using System.Globalization;

namespace Prefork.Processes;

/// <summary>Who was there at an instant, whose child, and in which group. Zombies are not: they have ended.</summary>
internal sealed class ProcessTable
{
    private readonly Dictionary<int, ProcessEntry> _all;
    private readonly ILookup<int, ProcessEntry> _children;
    private readonly ILookup<int, ProcessEntry> _groups;

    internal ProcessTable(IEnumerable<ProcessEntry> all)
    {
        _all = all.ToDictionary(static process => process.Pid);
        _children = _all.Values.ToLookup(static process => process.Parent);
        _groups = _all.Values.ToLookup(static process => process.Group);
    }

    /// <summary>Reads all of /proc: about 20 microseconds for a process.</summary>
    internal static ProcessTable Read() => new(Pids().Select(Find).OfType<ProcessEntry>());

    /// <summary>proc_pid_stat(5): the fourth field is the parent, the fifth the process group, the twenty-second the start in clock ticks. The name, in parentheses, may contain anything.</summary>
    /// <returns>Null when it has ended, or never was.</returns>
    internal static ProcessEntry? Find(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] == "Z" ? null : new ProcessEntry(pid, int.Parse(fields[1], CultureInfo.InvariantCulture), int.Parse(fields[2], CultureInfo.InvariantCulture), long.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// What a process with a group of its own is answerable for: its descendants, and whoever is in its group, also when their parent has ended
    /// and with it the trace of where they come from. The process itself is not in it.
    /// </summary>
    /// <param name="pid">The process, which may have ended.</param>
    /// <param name="start">When it started. Its number stays its group's as long as that has members; a process of that number which started at another time is a
    /// stranger: the group was empty before it, and children and group are the stranger's.</param>
    internal ProcessTree TreeOf(int pid, long? start)
    {
        if (_all.TryGetValue(pid, out var holder) && holder.Start != start)
        {
            return ProcessTree.Empty;
        }

        var members = new Dictionary<int, long>();
        var next = new Queue<ProcessEntry>([.. _groups[pid], .. _children[pid]]);
        while (next.TryDequeue(out var process))
        {
            if (process.Pid != pid && members.TryAdd(process.Pid, process.Start))
            {
                foreach (var child in _children[process.Pid])
                {
                    next.Enqueue(child);
                }
            }
        }

        return new ProcessTree(members);
    }

    internal static IEnumerable<int> Pids()
    {
        try
        {
            return [.. Directory.GetDirectories("/proc")
                .Select(static folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)
                .Where(static number => number > 0)];
        }
        catch (IOException)
        {
            // No descriptor left to look with. Whoever ends a worker goes on without.
            return [];
        }
    }
}

/// <param name="Start">In clock ticks since the machine's: with the pid it is one process, also when the pid is used again.</param>
internal readonly record struct ProcessEntry(int Pid, int Parent, int Group, long Start);
