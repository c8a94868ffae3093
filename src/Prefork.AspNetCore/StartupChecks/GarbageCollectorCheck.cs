using System.Globalization;
using System.Runtime;

namespace Prefork.AspNetCore.StartupChecks;

/// <summary>
/// The server collector in many processes without a limit; or limits that are each for one process alone. In a container .NET's own limit is
/// three quarters of the memory, for every process.
/// </summary>
internal static class GarbageCollectorCheck
{
    private const int MiB = 1024 * 1024;

    internal static IEnumerable<Finding> Look(int workers)
    {
        var info = GC.GetGCMemoryInfo();
        return Look(workers, GCSettings.IsServerGC, HeapHardLimit(), info.HighMemoryLoadThresholdBytes / 9 * 10);
    }

    /// <param name="limit">Of this process's heap; 0 when there is none.</param>
    /// <param name="memory">What the collector takes for the machine's memory, or the container's; 0 before its first collection.</param>
    internal static IEnumerable<Finding> Look(int workers, bool server, long limit, long memory)
    {
        if (limit == 0 && server)
        {
            yield return new Finding("server-gc", logger => StartupCheckLog.ServerCollector(logger, workers));
        }
        else if (limit > 0 && memory > 0 && limit > memory / 2)
        {
            // More than half for one of two or more. A smaller one was divided by somebody.
            yield return new Finding("heap-limits", logger => StartupCheckLog.HeapLimits(logger, workers, limit / MiB, memory / MiB));
        }
    }

    private static long HeapHardLimit()
        => GC.GetConfigurationVariables().TryGetValue("GCHeapHardLimit", out var limit) ? Convert.ToInt64(limit, CultureInfo.InvariantCulture) : 0;
}
