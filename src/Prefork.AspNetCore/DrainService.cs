using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Prefork.AspNetCore;

/// <summary>
/// The drain: between "this host stops" and Kestrel's own stop. The worker is out of rotation and still serves what it has; clients are asked
/// to go elsewhere, each at the end of a response. Kestrel's stop alone closes idle connections at once, and loses the request that is on its way on one.
/// </summary>
/// <remarks>
/// The host calls <see cref="StoppingAsync"/> before any service's stop, whoever stops it: the primary, a signal to this process, the program.
/// The leave of the worker ends when its connections are closed, so waiting for the one is waiting for the other.
/// </remarks>
internal sealed class DrainService(
    IHostApplicationLifetime lifetime, ClusterConnectionListenerFactory listeners, IOptions<ClusterHostOptions> options, ILogger<DrainService> logger) : IHostedLifecycleService
{
    private CancellationTokenRegistration _leaving;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _leaving = Cluster.Worker!.Leaving.Register(new StopAfterStart(lifetime).StopApplication);
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        // Who stops the host directly has told nobody yet; those with long connections have the whole drain to end them.
        lifetime.StopApplication();
        Drain.Begin();
        listeners.RequestCloseOfHttp2();
        var worker = Cluster.Worker!;
        worker.Disconnect();
        var timeout = options.Value.DrainTimeout;
        DrainLog.Begun(logger, worker.Id, timeout);
        try
        {
            await worker.WaitForDisconnectAsync(cancellationToken).WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
            DrainLog.Ended(logger, worker.Id);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            DrainLog.TimedOut(logger, worker.Id, timeout);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _leaving.Dispose();
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
