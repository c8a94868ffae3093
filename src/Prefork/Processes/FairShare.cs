using System.Globalization;
using System.Text.Json;

namespace Prefork.Processes;

/// <summary>
/// A worker's part of the machine, as variables that .NET reads when it starts. By itself every .NET process takes the whole machine for its own.
/// The numbers are those of docs/decisions/0016.
/// </summary>
internal static class FairShare
{
    internal const string ProcessorCount = "PROCESSOR_COUNT";
    internal const string HeapHardLimit = "GCHeapHardLimit";
    internal const string ServerGc = "gcServer";
    private const long LeastHeap = 20 * 1024 * 1024;
    private static readonly string[] Prefixes = ["DOTNET_", "COMPlus_"];

    /// <summary>Which variables a worker is given, and with which values; the names without their prefix.</summary>
    /// <param name="workers">How many workers there will be.</param>
    /// <param name="processors">How many processors all of them have.</param>
    /// <param name="memoryLimit">How many bytes of memory all of them may use; null when nothing limits them.</param>
    internal static Dictionary<string, string> Of(int workers, int processors, long? memoryLimit)
    {
        var share = new Dictionary<string, string>();

        // One to work on, and one for what .NET does meanwhile: a worker that has a single processor serves a quarter less.
        var part = Math.Min((processors + workers - 1) / workers + 1, processors);
        if (part < processors)
        {
            share[ProcessorCount] = part.ToString(CultureInfo.InvariantCulture);
        }

        if (workers > 1 && memoryLimit is { } limit)
        {
            // .NET's own rule, which is made for one process in a container, is three quarters, and 20 MB at least. Half of that, however many workers there are: one that
            // needs more has no room beside a second; one that needs more than its part for a moment, as for a report, works by itself and is to work here. Hexadecimal.
            share[HeapHardLimit] = Math.Max(limit / 4 * 3 / 2, LeastHeap).ToString("x", CultureInfo.InvariantCulture);
        }

        if (workers > 1 && part <= 2)
        {
            share[ServerGc] = "0";
        }

        return share;
    }

    /// <summary>
    /// Adds the share to a worker's environment, but for what the user has decided: by a variable in either of .NET's spellings, in this
    /// process, the settings or the fork (also one that is removed there), or for the heap's size by the program's runtimeconfig.json.
    /// </summary>
    /// <param name="environment">The worker's whole environment.</param>
    /// <param name="mentioned">The names that the settings and the fork speak of.</param>
    internal static void AddTo(Dictionary<string, string> environment, ClusterSettings settings, IEnumerable<string> mentioned)
    {
        if (settings.ExpectedWorkers is not { } workers || ProgramCommand.IsNodeScript(settings.Exec!))
        {
            return;
        }

        var decided = environment.Keys.Concat(mentioned).Select(WithoutPrefix).OfType<string>().Concat(RuntimeConfigProperties(settings)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var added = new List<string>();
        foreach (var (name, value) in Of(workers, Environment.ProcessorCount, MemoryLimit.Read()))
        {
            if (!IsDecided(name, decided))
            {
                environment[Prefixes[0] + name] = value;
                added.Add(Prefixes[0] + name);
            }
        }

        if (added.Count > 0)
        {
            environment[WorkerEnvironment.Share] = string.Join(' ', added);
        }
    }

    /// <summary>In a worker: removes what <see cref="AddTo"/> added, for it is this process's share and not that of what it starts.</summary>
    internal static void RemoveFromEnvironment()
    {
        foreach (var name in Environment.GetEnvironmentVariable(WorkerEnvironment.Share)?.Split(' ') ?? [])
        {
            Environment.SetEnvironmentVariable(name, null);
        }

        Environment.SetEnvironmentVariable(WorkerEnvironment.Share, null);
    }

    private static bool IsDecided(string name, HashSet<string> decided) => name switch
    {
        // There are several: in percent, and for each of the heap's parts.
        HeapHardLimit => decided.Any(other => other.StartsWith(HeapHardLimit, StringComparison.OrdinalIgnoreCase)),

        // Who says how many heaps there are wants the collector that has several.
        ServerGc => decided.Contains(ServerGc) || decided.Contains("GCHeapCount"),
        _ => decided.Contains(name),
    };

    private static string? WithoutPrefix(string name)
        => Prefixes.Where(prefix => name.StartsWith(prefix, StringComparison.Ordinal)).Select(prefix => name[prefix.Length..]).FirstOrDefault();

    /// <summary>
    /// What the program's own file decides, as names of variables. Not System.GC.Server: the SDK for web applications writes it into every one of them.
    /// </summary>
    private static IEnumerable<string> RuntimeConfigProperties(ClusterSettings settings)
    {
        var exec = Path.GetFullPath(settings.Exec!, Path.GetFullPath(settings.WorkingDirectory ?? "."));
        var file = Path.GetExtension(exec) == ".dll" ? Path.ChangeExtension(exec, ".runtimeconfig.json") : $"{exec}.runtimeconfig.json";
        try
        {
            using var config = JsonDocument.Parse(File.ReadAllBytes(file), new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            return config.RootElement.TryGetProperty("runtimeOptions", out var options) && options.TryGetProperty("configProperties", out var properties)
                ? [.. properties.EnumerateObject().Select(property => property.Name).Where(name => name.StartsWith("System.GC.Heap", StringComparison.Ordinal)).Select(name => name.Replace("System.GC.", "GC", StringComparison.Ordinal))]
                : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            // A single file, an executable ahead of time, or a program that is not there, which the fork will say.
            return [];
        }
    }
}
