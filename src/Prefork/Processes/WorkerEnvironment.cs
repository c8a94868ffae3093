using System.Collections;
using System.Globalization;

namespace Prefork.Processes;

/// <summary>The variables by which a process knows that it is a worker: Node's own.</summary>
internal static class WorkerEnvironment
{
    internal const string UniqueId = "NODE_UNIQUE_ID";
    internal const string ChannelDescriptor = "NODE_CHANNEL_FD";
    internal const string SerializationMode = "NODE_CHANNEL_SERIALIZATION_MODE";
    internal const string Json = "json";
    internal const string Advanced = "advanced";

    /// <summary>Ours: which generation of workers this one is of. Removed when read.</summary>
    internal const string Generation = "PREFORK_GENERATION";

    /// <summary>Ours: the largest message that the worker accepts from its primary. Removed when read.</summary>
    internal const string MaxMessageSize = "PREFORK_MAX_MESSAGE_SIZE";

    /// <summary>Ours: the names of the variables that are the worker's <see cref="FairShare"/>. Removed when read, and they with it.</summary>
    internal const string Share = "PREFORK_SHARE";

    /// <summary>
    /// How long an idle thread of the .NET thread pool spins before it sleeps. Alone on its machine a process wins by it; beside other
    /// workers it spins away their time (docs/decisions/0012). For workers it is 0, unless it is set already. Written as two digits,
    /// by which the worker knows it for ours, and does not pass it on to its own children.
    /// </summary>
    internal const string PoolSpinning = "DOTNET_ThreadPool_UnfairSemaphoreSpinLimit";

    internal const string NoSpinning = "00";

    /// <summary>The same as a property of the runtime's configuration.</summary>
    internal const string PoolSpinningProperty = "System.Threading.ThreadPool.UnfairSemaphoreSpinLimit";

    /// <summary>
    /// What systemd says to the process that it has started, and to no other: where that one reports its state (sd_notify(3)), the watchdog that it has to feed,
    /// and the sockets that it was given (sd_listen_fds(3)). A worker that took them for its own would report for the service.
    /// </summary>
    private static readonly string[] OfTheServiceAlone =
    [
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDNAMES", "FDSTORE", "MAINPID", "SYSTEMD_EXEC_PID",
    ];

    /// <summary>This process's environment without what is meant for this process alone, then the settings', then the fork's, then ours, which nobody can override; the id is added when there is one, and its share of the machine when it starts.</summary>
    internal static Dictionary<string, string> Create(ClusterSettings settings, IReadOnlyDictionary<string, string?>? added)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            result[(string)entry.Key] = (string)entry.Value!;
        }

        foreach (var name in OfTheServiceAlone)
        {
            result.Remove(name);
        }

        result.TryAdd(PoolSpinning, NoSpinning);
        Merge(result, settings.Environment);
        Merge(result, added);
        if (ProgramCommand.IsNodeScript(settings.Exec!))
        {
            // It has no limit, and would pass this one on to what it forks itself.
            result.Remove(MaxMessageSize);
        }
        else
        {
            result[MaxMessageSize] = settings.MaxMessageSize.ToString(CultureInfo.InvariantCulture);
        }

        result[SerializationMode] = settings.Serialization == ChannelSerialization.Advanced ? Advanced : Json;
        return result;
    }

    private static void Merge(Dictionary<string, string> target, IReadOnlyDictionary<string, string?>? added)
    {
        foreach (var (name, value) in added ?? new Dictionary<string, string?>())
        {
            if (name.Length == 0 || name.Contains('=') || name.Contains('\0') || value?.Contains('\0') == true)
            {
                throw new ArgumentException($"'{name}' cannot be the name of an environment variable, or its value contains a NUL.");
            }

            if (value is null)
            {
                target.Remove(name);
            }
            else
            {
                target[name] = value;
            }
        }
    }
}
