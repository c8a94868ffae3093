using System.Globalization;
using ClusterApp;

namespace SupervisorApp;

/// <summary>What this process holds, as the kernel sees it.</summary>
internal static class Usage
{
    internal static int Descriptors() => OpenDescriptors.Of(Environment.ProcessId).Length;

    /// <summary>Resident, in KiB.</summary>
    internal static long Memory() => long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize / 1024;

    internal static int Zombies() => Directory.GetDirectories("/proc").Count(folder =>
    {
        try
        {
            var text = File.ReadAllText(Path.Combine(folder, "stat"));
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] == "Z" && int.Parse(fields[1], CultureInfo.InvariantCulture) == Environment.ProcessId;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });
}
