using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore;

/// <summary>Runs an application as a cluster.</summary>
public static class ClusterHostExtensions
{
    /// <summary>
    /// Runs the application in several processes, and ends when they have stopped: what <c>app.Run()</c> is for one process. This process becomes the primary.
    /// It starts this program again for each worker, and replaces workers that end. It does not start the application itself.
    /// In a worker, which is this program again or a program under <c>prefork run</c>, the call runs the application.
    /// Call <c>builder.UseCluster()</c> before the application is built.
    /// </summary>
    /// <remarks>
    /// In the primary the code before this call runs too: what must happen once, or in each worker, belongs in hosted services
    /// (<see cref="ClusterServiceCollectionExtensions.AddLeaderHostedService{THostedService}"/>) or after a look at <see cref="Cluster.IsWorker"/>.
    /// Ctrl+C and SIGTERM stop the cluster; the workers finish their requests first. SIGHUP replaces all workers by new ones;
    /// when standard input is a terminal it means that the terminal is gone, and stops the cluster.
    /// If no worker ever serves, the reason is logged and the exit code of the process is 1.
    /// On systems other than Linux there are no workers yet: the application runs in this process, and a warning is logged.
    /// </remarks>
    /// <param name="app">The application, such as a <c>WebApplication</c>. It is disposed at the end.</param>
    /// <param name="workers">How many workers, 1 to 1,024; null for what <paramref name="configure"/> says, or one for each processor.</param>
    /// <param name="configure">Changes how workers are started, watched, replaced and stopped. Called in the primary only.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InvalidOperationException"><c>UseCluster()</c> was not called.</exception>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static async Task RunClusterAsync(this IHost app, int? workers = null, Action<SupervisorOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(app);
        if (app.Services.GetService<IClusterContext>() is null)
        {
            throw new InvalidOperationException("The application is not part of a cluster. Call builder.UseCluster() before builder.Build().");
        }

        if (Cluster.IsWorker)
        {
            await app.RunAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger<ClusterSupervisor>();
        if (!OperatingSystem.IsLinux())
        {
            SupervisorLog.RunsAlone(logger);
            await app.RunAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            await SuperviseAsync(logger, workers, configure, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // With it the loggers, which may write later than they are told.
            await DisposeAsync(app).ConfigureAwait(false);
        }
    }

    private static async Task SuperviseAsync(ILogger logger, int? workers, Action<SupervisorOptions>? configure, CancellationToken cancellation)
    {
        var options = new SupervisorOptions();
        configure?.Invoke(options);
        options.Workers = workers ?? options.Workers;
        var supervisor = new ClusterSupervisor(options);
        supervisor.Happened += (_, e) => SupervisorLog.Write(logger, e);
        try
        {
            await supervisor.RunAsync(cancellation).ConfigureAwait(false);
        }
        catch (SupervisorException exception)
        {
            SupervisorLog.NeverServed(logger, exception);
            Environment.ExitCode = 1;
        }
    }

    private static async ValueTask DisposeAsync(IHost app)
    {
        if (app is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync().ConfigureAwait(false);
        }
        else
        {
            app.Dispose();
        }
    }
}
