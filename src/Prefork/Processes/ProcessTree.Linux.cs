using System.ComponentModel;
using System.Globalization;

namespace Prefork.Processes;

/// <summary>
/// What a worker with a process group of its own is answerable for: the processes that it has started and those that they have, and whoever is in its group, also
/// when their parent has ended and with it the trace of where they come from. As they were at an instant: each is known by its pid and its start, so that
/// a pid that is used again is nobody else's death.
/// </summary>
internal sealed class ProcessTree
{
    private readonly Dictionary<int, long> _members;

    private ProcessTree(Dictionary<int, long> members) => _members = members;

    internal static ProcessTree Empty { get; } = new([]);

    /// <summary>Whether some of them still live.</summary>
    internal bool Lives => _members.Any(static member => Read(member.Key)?.Start == member.Value);

    /// <summary>Looks now. The process itself is not in it.</summary>
    /// <param name="pid">The worker.</param>
    /// <param name="hasEnded">
    /// It has. The number stays its group's as long as that has members; when there is a process of that number all the same, the group was empty, and
    /// both are somebody else's by now.
    /// </param>
    internal static ProcessTree Of(int pid, bool hasEnded)
    {
        var children = new Dictionary<int, List<(int Pid, long Start)>>();
        var group = new List<(int Pid, long Start)>();
        foreach (var number in AllProcesses())
        {
            if (Read(number) is { } process)
            {
                if (number == pid)
                {
                    if (hasEnded)
                    {
                        return Empty;
                    }

                    continue;
                }

                if (!children.TryGetValue(process.Parent, out var list))
                {
                    children.Add(process.Parent, list = []);
                }

                list.Add((number, process.Start));
                if (process.Group == pid)
                {
                    group.Add((number, process.Start));
                }
            }
        }

        var members = new Dictionary<int, long>();
        var next = new Queue<(int Pid, long Start)>([.. group, .. children.GetValueOrDefault(pid) ?? []]);
        while (next.TryDequeue(out var process))
        {
            if (members.TryAdd(process.Pid, process.Start))
            {
                children.GetValueOrDefault(process.Pid)?.ForEach(next.Enqueue);
            }
        }

        return new ProcessTree(members);
    }

    /// <summary>Both; where they differ, the later look counts.</summary>
    internal ProcessTree With(ProcessTree later)
    {
        var all = new Dictionary<int, long>(_members);
        foreach (var (pid, start) in later._members)
        {
            all[pid] = start;
        }

        return new ProcessTree(all);
    }

    /// <summary>Signals those that are still there. Returns how many.</summary>
    internal int Kill(Signal signal)
    {
        var count = 0;
        foreach (var (pid, start) in _members)
        {
            try
            {
                // First the handle, then the look: what the handle is of cannot change any more.
                using var handle = ProcessHandle.Find(pid);
                if (handle is not null && Read(pid)?.Start == start && handle.TrySignal(signal))
                {
                    count++;
                }
            }
            catch (Win32Exception)
            {
                // Another user's, by setuid: not ours to end.
            }
        }

        return count;
    }

    private static IEnumerable<int> AllProcesses()
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

    /// <summary>proc_pid_stat(5): the fourth field is the parent, the fifth the process group, the twenty-second the start in clock ticks. The name, in parentheses, may contain anything.</summary>
    private static (int Parent, int Group, long Start)? Read(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] == "Z"
                ? null
                : (int.Parse(fields[1], CultureInfo.InvariantCulture), int.Parse(fields[2], CultureInfo.InvariantCulture), long.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
