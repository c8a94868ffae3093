using System.Globalization;

namespace Prefork.Tool;

/// <summary>Why a worker that lives is not ready, as far as it can be seen from outside. What follows "it" in a sentence.</summary>
internal static class BootFailure
{
    private const string WithoutPort = "A worker without a port is started with --ready online or --ready message";
    private const string Starts = "Either it still starts (--boot-timeout says how long it may take), or it";

    /// <param name="worker">The worker.</param>
    /// <param name="kind">What it runs.</param>
    /// <param name="readyOn">What it is waited for.</param>
    /// <returns>Null where the supervisor knows as much.</returns>
    internal static string? Describe(WorkerProcess worker, TargetKind kind, WorkerReadiness readyOn) => (worker, kind) switch
    {
        ({ ListenFailure: not null }, _) => null,
        ({ State: WorkerState.Forked }, TargetKind.Managed) =>
            "runs, but its startup hook did not. Startup hooks may be switched off for it (System.StartupHookProvider.IsSupported, trimming); reference the package Prefork.AspNetCore and call builder.UseCluster() instead",
        ({ State: WorkerState.Forked }, TargetKind.NodeScript) =>
            "runs, but Node has not begun its script. It waits for a debugger (--inspect-brk), or for a file that NODE_OPTIONS loads",
        ({ State: WorkerState.Forked }, _) =>
            "runs, but is no worker. A .NET program ahead of time must call builder.UseCluster(); a script with an interpreter of its own must end in running Node or .NET",
        ({ State: WorkerState.Online or WorkerState.Listening, SaysReady: false }, _) when readyOn == WorkerReadiness.Ready =>
            $"has not said that it is ready, which --ready message waits for: it must call {(kind == TargetKind.NodeScript ? "process.send('ready')" : "builder.UseCluster(), or Cluster.Worker.SetReady()")}",
        ({ State: WorkerState.Online, WaitsFor: null }, _) => DescribeOnline(worker.Process.Id is { } pid ? ListeningPort(pid) : null, kind),
        ({ State: WorkerState.Listening, WaitsFor: null }, _) => "listens, but its host has not started: a hosted service has not ended its start",
        _ => null,
    };

    /// <param name="port">On which it listens by itself; null for none.</param>
    /// <param name="kind">What it runs.</param>
    private static string DescribeOnline(int? port, TargetKind kind) => (port, kind) switch
    {
        (null, TargetKind.NodeScript) => $"is online, but does not listen. {Starts} does not come to call listen(). {WithoutPort}",
        (null, _) => $"is online, but does not listen. {Starts} has no server (ASP.NET Core on Kestrel). {WithoutPort}",
        (_, TargetKind.NodeScript) => $"listens on port {port} by itself instead of in the cluster: listen() was called with exclusive or reusePort. Leave that out",
        _ => $"listens on port {port} by itself instead of in the cluster. Its server is not Kestrel, or a library builds its web host without the generic host; reference the package Prefork.AspNetCore and call UseCluster() on its host",
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
