using System.ComponentModel;
using System.Globalization;

namespace Prefork.Processes;

/// <summary>
/// The processes that a process has started, and those that they have: as they were at an instant. Each is known by its pid and its start, so that
/// a pid that is used again is nobody else's death.
/// </summary>
internal sealed class ProcessTree
{
    private readonly Dictionary<int, long> _descendants;

    private ProcessTree(Dictionary<int, long> descendants) => _descendants = descendants;

    internal bool IsEmpty => _descendants.Count == 0;

    /// <summary>Looks now. The process itself is not in it.</summary>
    internal static ProcessTree Of(int pid)
    {
        var children = new Dictionary<int, List<(int Pid, long Start)>>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && Read(number) is { } process)
            {
                if (!children.TryGetValue(process.Parent, out var list))
                {
                    children.Add(process.Parent, list = []);
                }

                list.Add((number, process.Start));
            }
        }

        var descendants = new Dictionary<int, long>();
        var next = new Queue<int>([pid]);
        while (next.TryDequeue(out var parent))
        {
            foreach (var (child, start) in children.GetValueOrDefault(parent) ?? [])
            {
                if (descendants.TryAdd(child, start))
                {
                    next.Enqueue(child);
                }
            }
        }

        return new ProcessTree(descendants);
    }

    /// <summary>Both; where they differ, the later look counts.</summary>
    internal ProcessTree With(ProcessTree later)
    {
        var all = new Dictionary<int, long>(_descendants);
        foreach (var (pid, start) in later._descendants)
        {
            all[pid] = start;
        }

        return new ProcessTree(all);
    }

    /// <summary>Signals those that are still there. Returns how many.</summary>
    internal int Kill(Signal signal)
    {
        var count = 0;
        foreach (var (pid, start) in _descendants)
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

    /// <summary>proc_pid_stat(5): the fourth field is the parent, the twenty-second the start in clock ticks. The name, in parentheses, may contain anything.</summary>
    private static (int Parent, long Start)? Read(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] == "Z" ? null : (int.Parse(fields[1], CultureInfo.InvariantCulture), long.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
