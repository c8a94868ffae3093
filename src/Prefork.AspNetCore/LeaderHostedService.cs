using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Prefork.AspNetCore;

/// <summary>
/// Runs a hosted service while this process leads. The leadership is given back when the service has certainly stopped, and otherwise never:
/// it then ends with the process.
/// </summary>
internal sealed class LeaderHostedService<THostedService>(
    IClusterContext cluster,
    IServiceProvider services,
    IHostApplicationLifetime lifetime,
    IOptions<HostOptions> options,
    ILoggerFactory loggers) : IHostedService, IDisposable
    where THostedService : class, IHostedService
{
    private readonly ILogger _logger = loggers.CreateLogger("Prefork.AspNetCore.LeaderHostedService");
    private readonly string _name = typeof(THostedService).Name;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _deadline = new();
    private Task _run = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var leading = cluster.WaitForLeadershipAsync(_stopping.Token);
        if (leading.IsCompletedSuccessfully)
        {
            // As any hosted service: with the host, and a failure is the host's.
            var leadership = await leading.ConfigureAwait(false);
            _run = RunAsync(leadership, await StartServiceAsync(cancellationToken).ConfigureAwait(false));
        }
        else
        {
            _run = LeadAsync(leading);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await using var registration = cancellationToken.UnsafeRegister(static deadline => ((CancellationTokenSource)deadline!).Cancel(), _deadline).ConfigureAwait(false);
        await _run.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _deadline.Dispose();
    }

    private async Task LeadAsync(Task<ClusterLeadership> leading)
    {
        try
        {
            var leadership = await leading.ConfigureAwait(false);
            await StartedAsync().ConfigureAwait(false);
            if (_stopping.IsCancellationRequested || leadership.Ending.IsCancellationRequested)
            {
                leadership.Dispose();
                return;
            }

            await RunAsync(leadership, await StartServiceAsync(leadership.Ending).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ClusterChannelClosedException)
        {
            // It will not lead.
        }
        catch (Exception exception)
        {
            // It may have begun all the same: the leadership ends with the process.
            LeaderLog.StartFailed(_logger, _name, exception);
            lifetime.StopApplication();
        }
    }

    /// <summary>What leads after the start finds an application that runs.</summary>
    private async Task StartedAsync()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var starts = lifetime.ApplicationStarted.UnsafeRegister(static started => ((TaskCompletionSource)started!).TrySetResult(), started).ConfigureAwait(false);
        await using var stops = lifetime.ApplicationStopping.UnsafeRegister(static started => ((TaskCompletionSource)started!).TrySetResult(), started).ConfigureAwait(false);
        await started.Task.ConfigureAwait(false);
    }

    private async Task<THostedService> StartServiceAsync(CancellationToken cancellation)
    {
        LeaderLog.Starts(_logger, _name);
        var service = services.GetRequiredService<THostedService>();
        var lifecycle = service as IHostedLifecycleService;
        await (lifecycle?.StartingAsync(cancellation) ?? Task.CompletedTask).ConfigureAwait(false);
        await service.StartAsync(cancellation).ConfigureAwait(false);
        await (lifecycle?.StartedAsync(cancellation) ?? Task.CompletedTask).ConfigureAwait(false);
        return service;
    }

    private async Task RunAsync(ClusterLeadership leadership, THostedService service)
    {
        if (service is BackgroundService { ExecuteTask: { } task })
        {
            _ = WatchAsync(task);
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(leadership.Ending, _stopping.Token);
        await Task.Delay(Timeout.Infinite, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await StopServiceAsync(service).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LeaderLog.StopFailed(_logger, _name, exception);
            return;
        }

        LeaderLog.Stopped(_logger, _name);
        leadership.Dispose();
    }

    private async Task StopServiceAsync(THostedService service)
    {
        _deadline.CancelAfter(options.Value.ShutdownTimeout);
        var lifecycle = service as IHostedLifecycleService;
        await (lifecycle?.StoppingAsync(_deadline.Token) ?? Task.CompletedTask).ConfigureAwait(false);
        await service.StopAsync(_deadline.Token).ConfigureAwait(false);
        await (lifecycle?.StoppedAsync(_deadline.Token) ?? Task.CompletedTask).ConfigureAwait(false);

        // Its StopAsync ends at the deadline, whether its task has ended or not.
        if (service is BackgroundService { ExecuteTask: { } task })
        {
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The host does this for the background services that it starts itself.</summary>
    private async Task WatchAsync(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested || !cluster.IsLeader)
        {
            // Stopped.
        }
        catch (Exception exception)
        {
            LeaderLog.Failed(_logger, _name, exception);
            if (options.Value.BackgroundServiceExceptionBehavior == BackgroundServiceExceptionBehavior.StopHost)
            {
                lifetime.StopApplication();
            }
        }
    }
}
