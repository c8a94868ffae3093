using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Prefork.AspNetCore;

/// <summary>Says to the primary that this worker is ready: its host has started, and its health checks pass.</summary>
internal sealed class ReadinessService(
    IHostApplicationLifetime lifetime, IServiceProvider services, IOptions<ClusterHostOptions> options, ILogger<ReadinessService> logger) : IHostedService
{
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
        try
        {
            if (options.Value.WaitForHealthChecks && services.GetService<HealthCheckService>() is { } checks)
            {
                await PassAsync(checks, lifetime.ApplicationStopping).ConfigureAwait(false);
            }

            Cluster.Worker!.SetReady();
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
            var failing = await FailingAsync(checks, stopping).ConfigureAwait(false);
            if (failing is null)
            {
                return;
            }

            if (failing != said)
            {
                ReadinessLog.NotReady(logger, Cluster.Worker!.Id, said = failing);
            }

            await Task.Delay(options.Value.HealthCheckInterval, stopping).ConfigureAwait(false);
        }
    }

    private async Task<string?> FailingAsync(HealthCheckService checks, CancellationToken stopping)
    {
        try
        {
            var report = await checks.CheckHealthAsync(options.Value.HealthCheckFilter, stopping).ConfigureAwait(false);
            return report.Status == HealthStatus.Unhealthy
                ? string.Join(", ", report.Entries.Where(static entry => entry.Value.Status == HealthStatus.Unhealthy).Select(static entry => entry.Key))
                : null;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !stopping.IsCancellationRequested)
        {
            // A check that cannot be made: its constructor throws, say, or it gives up by itself.
            return exception.Message;
        }
    }
}

internal static partial class ReadinessLog
{
    [LoggerMessage(1, LogLevel.Warning, "Worker {WorkerId} is not ready yet. Unhealthy: {Failing}")]
    internal static partial void NotReady(ILogger logger, int workerId, string failing);
}
