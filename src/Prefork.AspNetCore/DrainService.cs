using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Prefork.AspNetCore.Hosts;

namespace Prefork.AspNetCore;

/// <summary>
/// The drain: between "this host stops" and Kestrel's own stop. The host gets no more connections and still serves what it has; clients are asked
/// to go elsewhere, each at the end of a response. Kestrel's stop alone closes idle connections at once, and loses the request that is on its way on one.
/// </summary>
/// <remarks>
/// The host calls <see cref="StoppingAsync"/> before any service's stop, whoever stops it: the primary, a signal to this process, the program.
/// Whether the worker leaves as well, <see cref="WorkerHosts"/> decides. A host without a listener has nothing to drain, and nothing to say.
/// </remarks>
internal sealed class DrainService(
    WorkerHost host,
    IHostApplicationLifetime lifetime,
    ClusterConnectionListenerFactory listeners,
    IServiceProvider services,
    Drain drain,
    IOptions<ClusterHostOptions> options,
    IOptions<HostOptions> hostOptions,
    ILogger<DrainService> logger) : IHostedLifecycleService, IDisposable
{
    private readonly ClusterWorker _worker = Cluster.Worker!;
    private CancellationTokenRegistration _leaving;
    private CancellationTokenRegistration _stopping;

    /// <exception cref="InvalidOperationException">Kestrel will ask another transport.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        RequireOurTransport();

        // Of a leave that came before this host nobody has told it to end: it may have other work than to listen.
        if (!ThisProcess.Hosts.HasLeft)
        {
            _leaving = _worker.Leaving.Register(new StopAfterStart(lifetime).StopApplication);
        }

        return Task.CompletedTask;
    }

    /// <summary>The last to register is the first to hear: the listeners are out of rotation before the application hears of the stop.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _stopping = lifetime.ApplicationStopping.Register(() => Begin());
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        // Who stops the host directly has told nobody yet; those with long connections have the whole drain to end them.
        lifetime.StopApplication();
        if (!ThisProcess.Hosts.Listens(host))
        {
            return;
        }

        // Not started, nobody has begun yet.
        var leaves = Begin();
        var timeout = options.Value.DrainTimeout;
        (leaves ? (Action<ILogger, int, TimeSpan>)DrainLog.Begun : DrainLog.HostBegun)(logger, _worker.Id, timeout);
        try
        {
            // The leave of the worker ends when the connections of all its hosts are closed, so waiting for the one is waiting for the other.
            await (leaves ? _worker.WaitForDisconnectAsync(cancellationToken) : listeners.WaitForDrainAsync(cancellationToken)).WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
            DrainLog.Ended(logger, _worker.Id);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            DrainLog.TimedOut(logger, _worker.Id, timeout);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _leaving.Dispose();
        _stopping.Dispose();
    }

    /// <summary>True if the worker leaves. Called more than once.</summary>
    private bool Begin()
    {
        if (!ThisProcess.Hosts.Listens(host))
        {
            return false;
        }

        drain.Begin();
        listeners.RequestCloseOfHttp2();
        var leaves = ThisProcess.Hosts.Stopping(host, hostOptions.Value.ShutdownTimeout);
        if (!leaves)
        {
            listeners.StopListening();
        }

        return leaves;
    }

    /// <summary>Of the transports that can bind an end point Kestrel takes the one registered last: ours, but for one that came after the line.</summary>
    private void RequireOurTransport()
    {
        if (services.GetService<IServer>() is null)
        {
            // Without a server nobody asks for a transport, and none need be made.
            return;
        }

        var chosen = services.GetServices<IConnectionListenerFactory>().LastOrDefault(static factory => factory is not IConnectionListenerFactorySelector selector || selector.CanBind(new IPEndPoint(IPAddress.Loopback, 0)));
        if (chosen is not null && chosen != listeners)
        {
            throw new InvalidOperationException(
                $"This worker would listen by itself, for {chosen.GetType()} was registered after UseCluster(). Call UseCluster() after UseSockets() and other transports; its options say which transport serves the connections.");
        }
    }
}
