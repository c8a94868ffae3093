using System.Globalization;

namespace Prefork.Tool;

/// <summary>Why a worker that lives is not ready, as far as it can be seen from outside. What follows "it" in a sentence.</summary>
internal static class BootFailure
{
    /// <returns>Null where the supervisor knows as much.</returns>
    internal static string? Describe(WorkerProcess worker, Target target) => worker switch
    {
        { State: WorkerState.Forked } => target.Kind == TargetKind.Managed
            ? "runs, but its startup hook did not. Startup hooks may be switched off for it (System.StartupHookProvider.IsSupported, trimming); reference the package Prefork.AspNetCore and call builder.UseCluster() instead"
            : "runs, but is no worker. A Node script must use 'cluster' or an HTTP server; a .NET program ahead of time must call builder.UseCluster()",
        { State: WorkerState.Online, WaitsFor: null } => worker.Process.Id is { } pid && ListeningPort(pid) is { } port
            ? $"listens on port {port} by itself instead of in the cluster. Its server is not Kestrel, or a library builds its web host without the generic host; reference the package Prefork.AspNetCore and call UseCluster() on its host"
            : "is online, but does not listen. Either it still starts (--boot-timeout says how long it may take), or it has no server (ASP.NET Core on Kestrel)",
        { State: WorkerState.Listening, WaitsFor: null } => "listens, but its host has not started: a hosted service has not ended its start",
        _ => null,
    };

    /// <summary>The port of a listening TCP socket that the process itself has open; null when there is none.</summary>
    private static int? ListeningPort(int pid)
    {
        try
        {
            var sockets = new DirectoryInfo($"/proc/{pid}/fd").EnumerateFileSystemInfos()
                .Select(static entry => entry.LinkTarget)
                .Where(static target => target?.StartsWith("socket:[", StringComparison.Ordinal) == true)
                .Select(static target => target![8..^1])
                .ToHashSet();

            // proc_pid_net(5): local address, remote address, state (0A is LISTEN), then the inode in the tenth column.
            return new[] { "tcp", "tcp6" }
                .SelectMany(file => File.ReadLines($"/proc/{pid}/net/{file}").Skip(1))
                .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(fields => fields.Length > 9 && fields[3] == "0A" && sockets.Contains(fields[9]))
                .Select(static fields => (int?)int.Parse(fields[1].Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture))
                .FirstOrDefault();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
