using System.ComponentModel;

namespace Prefork.Processes;

/// <summary>
/// What a worker has started, as it was at one or more instants. Each is known by its pid and its start, so that a pid that is used again is nobody else's death.
/// </summary>
/// <param name="members">When each has started, by its pid.</param>
internal sealed class ProcessTree(Dictionary<int, long> members)
{
    private readonly Dictionary<int, long> _members = members;

    internal static ProcessTree Empty { get; } = new([]);

    /// <summary>Whether some of them still live.</summary>
    internal bool Lives => _members.Any(static member => ProcessTable.Find(member.Key)?.Start == member.Value);

    internal IReadOnlyCollection<int> Pids => _members.Keys;

    /// <summary>Those that have ended, each with its start.</summary>
    internal IEnumerable<(int Pid, long Start)> Ended => _members.Where(static member => ProcessTable.Find(member.Key)?.Start != member.Value).Select(static member => (member.Key, member.Value));

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
                if (handle is not null && ProcessTable.Find(pid)?.Start == start && handle.TrySignal(signal))
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
}
