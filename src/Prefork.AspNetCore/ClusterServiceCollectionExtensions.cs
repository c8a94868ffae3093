using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Prefork.AspNetCore.Hosts;

namespace Prefork.AspNetCore;

/// <summary>Services that know that there are several workers.</summary>
public static class ClusterServiceCollectionExtensions
{
    /// <summary>
    /// Adds a hosted service that runs in one worker of the cluster, the one that leads, and moves to another when that worker leaves or dies.
    /// In a process that is no worker it is an ordinary hosted service.
    /// </summary>
    /// <remarks>
    /// <para>
    /// The service is created and started when this worker leads: with the host if it does so by then, else later. If a later start fails, the host stops.
    /// It is stopped, as in a host, when the worker is to leave or the host stops, before requests are drained, with the time of
    /// <see cref="HostOptions.ShutdownTimeout"/>; only after its <see cref="IHostedService.StopAsync"/> (and a <see cref="BackgroundService"/>'s
    /// task) has ended does another worker lead. One that does not stop, or fails to, keeps the others waiting until the process has ended.
    /// </para>
    /// <para>
    /// So it never runs twice at once in a cluster. Between its end here and its start there it runs nowhere; what it was at when its
    /// worker died is not done twice nor finished by itself. It is a singleton service, and a second call for the same type does nothing.
    /// </para>
    /// </remarks>
    public static IServiceCollection AddLeaderHostedService<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THostedService>(this IServiceCollection services)
        where THostedService : class, IHostedService
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<THostedService>();
        services.AddHostedService<LeaderHostedService<THostedService>>();
        return services.AddClusterContext();
    }

    /// <summary>
    /// Adds a <see cref="ClusterSupervisor"/> that starts and stops with the host, and logs what it does: the host is the primary. In a worker, such as this
    /// program again, it adds nothing.
    /// </summary>
    /// <remarks>
    /// Signals are the host's (<see cref="SupervisorOptions.HandleSignals"/> is set to false), and <see cref="HostOptions.ShutdownTimeout"/> is made longer by
    /// what a stop may take. The host starts before all workers serve; if none ever does, it stops, with exit code 1.
    /// </remarks>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static IServiceCollection AddClusterSupervisor(this IServiceCollection services, Action<SupervisorOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        if (Cluster.IsWorker)
        {
            return services;
        }

        var options = new SupervisorOptions();
        configure(options);
        options.HandleSignals = false;
        services.AddSingleton(new ClusterSupervisor(options));
        services.AddHostedService<SupervisorService>();
        services.AddOptions<HostOptions>().PostConfigure(host => host.ShutdownTimeout += options.StopTimeout + options.KillTimeout);
        return services;
    }

    internal static IServiceCollection AddClusterContext(this IServiceCollection services)
    {
        services.TryAddSingleton<WorkerHost>();
        services.TryAddSingleton<IClusterContext>(static provider =>
        {
            var lifetime = provider.GetRequiredService<IHostApplicationLifetime>();
            return Cluster.Worker is { } worker
                ? new WorkerClusterContext(worker, provider.GetRequiredService<WorkerHost>(), lifetime)
                : new SingleClusterContext(lifetime);
        });
        return services;
    }
}
