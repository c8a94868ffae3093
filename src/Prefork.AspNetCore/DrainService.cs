using System.Net;
using Microsoft.AspNetCore.Connections;
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
    IHostApplicationLifetime lifetime,
    ClusterConnectionListenerFactory listeners,
    IEnumerable<IConnectionListenerFactory> all,
    IOptions<ClusterHostOptions> options,
    ILogger<DrainService> logger) : IHostedLifecycleService
{
    private readonly ClusterWorker _worker = Cluster.Worker!;
    private CancellationTokenRegistration _leaving;
    private CancellationTokenRegistration _stopping;

    /// <exception cref="InvalidOperationException">Kestrel will ask another transport.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        RequireOurTransport();
        _leaving = _worker.Leaving.Register(new StopAfterStart(lifetime).StopApplication);
        return Task.CompletedTask;
    }

    /// <summary>The last to register is the first to hear: the worker is out of rotation before the application hears of the stop.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _stopping = lifetime.ApplicationStopping.Register(Leave);
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        // Who stops the host directly has told nobody yet; those with long connections have the whole drain to end them.
        lifetime.StopApplication();

        // Not started, nobody has left yet.
        Leave();
        var timeout = options.Value.DrainTimeout;
        DrainLog.Begun(logger, _worker.Id, timeout);
        try
        {
            await _worker.WaitForDisconnectAsync(cancellationToken).WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
            DrainLog.Ended(logger, _worker.Id);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            DrainLog.TimedOut(logger, _worker.Id, timeout);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _leaving.Dispose();
        _stopping.Dispose();
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Leave()
    {
        Drain.Begin();
        listeners.RequestCloseOfHttp2();
        _worker.Disconnect();
    }

    /// <summary>Of the transports that can bind an end point Kestrel takes the one registered last: ours, but for one that came after the line.</summary>
    private void RequireOurTransport()
    {
        var chosen = all.LastOrDefault(static factory => factory is not IConnectionListenerFactorySelector selector || selector.CanBind(new IPEndPoint(IPAddress.Loopback, 0)));
        if (chosen is not null && chosen != listeners)
        {
            throw new InvalidOperationException(
                $"This worker would listen by itself, for {chosen.GetType()} was registered after UseCluster(). Call UseCluster() after UseSockets() and other transports; its options say which transport serves the connections.");
        }
    }
}
