using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore;

/// <summary>A supervisor that lives as long as its host: each ends the other.</summary>
internal sealed class SupervisorService(ClusterSupervisor supervisor, IHostApplicationLifetime lifetime, ILogger<ClusterSupervisor> logger) : IHostedService
{
    private Task _run = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        supervisor.Happened += (_, e) => SupervisorLog.Write(logger, e);
        _run = RunAsync();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await supervisor.StopAsync(cancellationToken).ConfigureAwait(false);
        await _run.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        try
        {
            await supervisor.RunAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // No worker ever served: nobody else would say so, and a host without a cluster is of no use.
            SupervisorLog.GaveUp(logger, exception);
            Environment.ExitCode = 1;
        }

        lifetime.StopApplication();
    }
}

internal static partial class SupervisorLog
{
    internal static void Write(ILogger logger, SupervisorEventArgs e)
        => Happened(logger, e.Kind is SupervisorEventKind.WorkerFailed or SupervisorEventKind.BreakerChanged ? LogLevel.Warning : LogLevel.Information, e.Message);

    [LoggerMessage(EventId = 1, Message = "{What}")]
    internal static partial void Happened(ILogger logger, LogLevel level, string what);

    [LoggerMessage(2, LogLevel.Critical, "The cluster could not be started; the host stops.")]
    internal static partial void GaveUp(ILogger logger, Exception exception);

    [LoggerMessage(3, LogLevel.Critical, "The cluster could not be started.")]
    internal static partial void NeverServed(ILogger logger, Exception exception);

    [LoggerMessage(4, LogLevel.Warning, "Workers need Linux. The application runs in this process alone.")]
    internal static partial void RunsAlone(ILogger logger);
}
