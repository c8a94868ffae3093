using System.Globalization;
using Prefork.Native;

namespace Prefork.Processes;

/// <summary>
/// The pipes and the socket by which debuggers and diagnostic tools reach a .NET process. The runtime makes them at the start and removes them at an end in order;
/// one that is killed leaves them.
/// </summary>
internal static class RuntimeFiles
{
    private const string Variable = "TMPDIR";
    private const string Default = "/tmp";

    /// <summary>Removes those of a process that has ended. The name tells the process by its pid and its start, so that nobody else's is taken for one of it.</summary>
    /// <param name="folder">Its TMPDIR.</param>
    /// <param name="pid">Its pid.</param>
    /// <param name="start">When it was started, in clock ticks, as proc_pid_stat(5) and the runtime count.</param>
    /// <param name="userId">Whose they are to be; null for this user. Another one's are left alone.</param>
    internal static void Remove(string folder, int pid, long start, int? userId)
    {
        var owner = (uint?)userId ?? Libc.GetEffectiveUserId();
        var id = string.Create(CultureInfo.InvariantCulture, $"{pid}-{start}");
        Remove(Path.Combine(folder, $"clr-debug-pipe-{id}-in"), FileType.IsPipe, owner);
        Remove(Path.Combine(folder, $"clr-debug-pipe-{id}-out"), FileType.IsPipe, owner);
        Remove(Path.Combine(folder, $"dotnet-diagnostic-{id}-socket"), FileType.IsSocket, owner);
    }

    /// <summary>Where a worker's runtime makes them: TMPDIR of its environment, which is this process's but for what is given.</summary>
    internal static string FolderOf(IReadOnlyDictionary<string, string?>? given, string? workingDirectory)
    {
        var folder = given?.TryGetValue(Variable, out var value) == true ? value : Environment.GetEnvironmentVariable(Variable);
        return string.IsNullOrEmpty(folder) ? Default : Path.IsPathRooted(folder) ? folder : Path.GetFullPath(folder, Path.GetFullPath(workingDirectory ?? "."));
    }

    private static void Remove(string path, Func<string, bool> isIt, uint owner)
    {
        // Neither look nor removal follows a link at the path itself.
        if (!isIt(path) || FileType.OwnerOf(path) != owner)
        {
            return;
        }

        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is in nobody's way.
        }
    }
}
