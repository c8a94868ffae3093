namespace Prefork.AspNetCore.Transport;

/// <summary>What the kernel says of a thread: how much it has computed, and whether it waits. Asked from another thread.</summary>
internal sealed unsafe class LoopThread
{
    private readonly string _stat;
    private readonly int _clock;

    private LoopThread(int id)
    {
        _stat = $"/proc/self/task/{id}/stat";

        // The clock of a thread's processor time by its number: pthread_getcpuclockid(3) computes the same.
        _clock = (~id << 3) | 6;
    }

    /// <summary>Called on the thread itself. Null where /proc is not to be read.</summary>
    internal static LoopThread? Current()
    {
        var link = new FileInfo("/proc/thread-self").LinkTarget;
        return int.TryParse(Path.GetFileName(link), out var id) ? new LoopThread(id) : null;
    }

    /// <summary>Microseconds of processor time.</summary>
    internal long Used()
    {
        Libc.TimeSpec time;
        return Libc.ClockGetTime(_clock, &time) == 0 ? (time.Seconds * 1_000_000L) + (time.Nanoseconds / 1000) : 0;
    }

    /// <summary>It could run, whether or not it has a processor just now; otherwise it waits for something.</summary>
    internal bool IsRunnable()
    {
        try
        {
            var stat = File.ReadAllText(_stat);
            var state = stat.LastIndexOf(')') + 2;
            return state < stat.Length && stat[state] == 'R';
        }
        catch (IOException)
        {
            return false;
        }
    }
}
