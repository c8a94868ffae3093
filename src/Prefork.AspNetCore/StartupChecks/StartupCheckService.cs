using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Prefork.AspNetCore.Hosts;

namespace Prefork.AspNetCore.StartupChecks;

/// <summary>
/// Looks, when a worker's host has started, for what works in one process and breaks in several, and says each thing once for the workers
/// of a generation; and for options of Kestrel's that are set and do not apply. A check that fails is no reason for anything else to fail.
/// </summary>
internal sealed class StartupCheckService(
    WorkerHost host,
    IClusterContext cluster,
    IServiceProvider services,
    RegisteredServices registered,
    IOptions<ClusterHostOptions> options,
    IOptions<SocketTransportOptions> sockets,
    IHostApplicationLifetime lifetime,
    ILoggerFactory loggers) : IHostedService
{
    private readonly ILogger _logger = loggers.CreateLogger("Prefork.AspNetCore.StartupChecks");
    private CancellationTokenRegistration _started;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _started = lifetime.ApplicationStarted.Register(() => Task.Run(RunAsync, CancellationToken.None));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _started.Dispose();
        return Task.CompletedTask;
    }

    private async Task RunAsync()
    {
        // A host without a server, such as one that warms up, is not looked at: what it would say is said by none after it.
        if (!ThisProcess.Hosts.Listens(host))
        {
            return;
        }

        await IgnoredOptions.SayAsync(sockets.Value, options.Value.Transport, loggers.CreateLogger(IgnoredOptions.Category)).ConfigureAwait(false);

        // One worker breaks nothing, and the second looks again; while one is replaced by its successor there are two for a moment.
        if (cluster.WorkerCount < 2 || !_logger.IsEnabled(LogLevel.Warning))
        {
            return;
        }

        var findings = Checks(Cluster.Worker!.WorkerCountOfGeneration).SelectMany(Look).ToList();
        foreach (var finding in findings)
        {
            if (await SayOnce.IsFirstAsync(finding.Name).ConfigureAwait(false))
            {
                finding.Say(_logger);
            }
        }

        StartupCheckLog.Looked(_logger, findings.Count);
    }

    /// <param name="workers">How many there are to be, as far as it can be seen. A single one is concerned by what it has in common with its predecessor alone.</param>
    private IEnumerable<Func<IEnumerable<Finding>>> Checks(int workers)
    {
        var checks = options.Value.StartupChecks;
        if (workers < 2)
        {
            checks &= ClusterStartupChecks.DataProtection | ClusterStartupChecks.EmbeddedDatabase | ClusterStartupChecks.SharedFiles;
        }

        Func<IEnumerable<Finding>> If(ClusterStartupChecks check, Func<IEnumerable<Finding>> look) => (checks & check) != 0 ? look : static () => [];
        return
        [
            If(ClusterStartupChecks.DataProtection, () => DataProtectionCheck.Look(services, registered)),
            If(ClusterStartupChecks.GarbageCollector, () => GarbageCollectorCheck.Look(workers)),
            If(ClusterStartupChecks.InMemoryState, () => InMemoryStateCheck.Look(registered)),
            If(ClusterStartupChecks.SignalR, () => SignalRCheck.Look(services, registered)),
            If(ClusterStartupChecks.EmbeddedDatabase | ClusterStartupChecks.SharedFiles, () => FilesCheck.Look(services, checks)),
        ];
    }

    private List<Finding> Look(Func<IEnumerable<Finding>> check)
    {
        try
        {
            return [.. check()];
        }
        catch (Exception exception)
        {
            StartupCheckLog.CheckFailed(_logger, exception);
            return [];
        }
    }
}
