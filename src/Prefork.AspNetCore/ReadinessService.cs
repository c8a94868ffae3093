using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Prefork.AspNetCore.Hosts;

namespace Prefork.AspNetCore;

/// <summary>Says that this host is ready: it has started, and the health checks that count pass. A host that does not listen says nothing.</summary>
internal sealed class ReadinessService(
    WorkerHost host, IHostApplicationLifetime lifetime, IServiceProvider services, IOptions<ClusterHostOptions> options, ILogger<ReadinessService> logger) : IHostedService
{
    /// <summary>By convention: what an orchestrator asks before it sends traffic.</summary>
    private const string ReadyTag = "ready";

    private CancellationTokenRegistration _started;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _started = lifetime.ApplicationStarted.Register(() => _ = SayReadyAsync());
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _started.Dispose();
        return Task.CompletedTask;
    }

    private async Task SayReadyAsync()
    {
        if (!ThisProcess.Hosts.Listens(host))
        {
            return;
        }

        try
        {
            if (services.GetService<HealthCheckService>() is { } checks)
            {
                await PassAsync(checks, lifetime.ApplicationStopping).ConfigureAwait(false);
            }

            ThisProcess.Hosts.Ready(host);
        }
        catch (OperationCanceledException)
        {
            // It stops, and never was ready.
        }
    }

    /// <summary>Ends when no check that counts is unhealthy. What fails is said once, and again when it is something else.</summary>
    private async Task PassAsync(HealthCheckService checks, CancellationToken stopping)
    {
        for (string? said = null; ;)
        {
            var failing = await FailingAsync(checks, isFirst: said is null, stopping).ConfigureAwait(false);
            if (failing is null)
            {
                return;
            }

            if (failing != said)
            {
                Cluster.Worker!.ExpectReady($"its health checks: {failing}");
                ReadinessLog.NotReady(logger, Cluster.Worker.Id, said = failing);
            }

            await Task.Delay(options.Value.HealthCheckInterval, stopping).ConfigureAwait(false);
        }
    }

    private async Task<string?> FailingAsync(HealthCheckService checks, bool isFirst, CancellationToken stopping)
    {
        try
        {
            var counting = services.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations.Where(Counts).Select(static check => check.Name).ToHashSet();
            if (counting.Count == 0)
            {
                return null;
            }

            if (isFirst)
            {
                // Before they are made: one that does not answer is named as well.
                Cluster.Worker!.ExpectReady($"its health checks: {string.Join(", ", counting)}");
            }

            var report = await checks.CheckHealthAsync(check => counting.Contains(check.Name), stopping).ConfigureAwait(false);
            return report.Status == HealthStatus.Unhealthy ? string.Join(", ", report.Entries.Where(static entry => entry.Value.Status == HealthStatus.Unhealthy).Select(Describe)) : null;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !stopping.IsCancellationRequested)
        {
            // A check that cannot be made: its constructor throws, say, or it gives up by itself.
            return exception.Message;
        }
    }

    /// <summary>A check counts when somebody has asked for it: an application that is made a worker is held to no more than it holds itself to.</summary>
    private bool Counts(HealthCheckRegistration check)
        => options.Value.HealthCheckFilter?.Invoke(check) ?? (options.Value.WaitForHealthChecks || check.Tags.Contains(ReadyTag));

    private static string Describe(KeyValuePair<string, HealthReportEntry> entry)
        => $"{entry.Key} is Unhealthy{((entry.Value.Description ?? entry.Value.Exception?.Message) is { Length: > 0 } why ? $" ({why})" : "")}";
}

internal static partial class ReadinessLog
{
    [LoggerMessage(1, LogLevel.Warning, "Worker {WorkerId} is not ready yet. Unhealthy: {Failing}")]
    internal static partial void NotReady(ILogger logger, int workerId, string failing);
}
