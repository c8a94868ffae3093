using System.Globalization;

namespace Prefork.Processes;

/// <summary>What a process uses, as the kernel tells it. Null when it has ended, or may not be looked at.</summary>
internal static class ProcessFigures
{
    /// <summary>Clock ticks a second, as proc_pid_stat(5) counts time: 100 on every Linux that .NET runs on.</summary>
    private const int TicksPerSecond = 100;

    /// <summary>Bytes in memory, with what is shared.</summary>
    internal static long? ResidentMemory(int pid) => Line($"/proc/{pid}/statm") is { } line
        ? long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize
        : null;

    /// <summary>Bytes in memory, with what is shared counted by its part; falls back to all of it where that may not be read.</summary>
    internal static long? ProportionalMemory(int pid)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/smaps_rollup").First(static line => line.StartsWith("Pss:", StringComparison.Ordinal));
            return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return ResidentMemory(pid);
        }
    }

    /// <summary>Processor time used, in user and kernel mode.</summary>
    internal static TimeSpan? ProcessorTime(int pid)
    {
        if (Line($"/proc/{pid}/stat") is not { } line)
        {
            return null;
        }

        var fields = line[(line.LastIndexOf(')') + 2)..].Split(' ');
        return TimeSpan.FromSeconds((double)(long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond);
    }

    /// <summary>Whether a debugger, or what takes a dump, holds the process (ptrace(2)).</summary>
    internal static bool IsTraced(int pid)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(static line => line.StartsWith("TracerPid:", StringComparison.Ordinal));
            return line is not null && line["TracerPid:".Length..].Trim() != "0";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string? Line(string file)
    {
        try
        {
            return File.ReadLines(file).FirstOrDefault();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
