using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Prefork.AspNetCore.Hosts;
using Prefork.AspNetCore.StartupChecks;

namespace Prefork.AspNetCore;

/// <summary>One line that makes an ASP.NET Core application a worker.</summary>
public static class ClusterWebHostBuilderExtensions
{
    /// <summary>
    /// In a worker, Kestrel's connections come from the primary, and a disconnect stops the host gracefully.
    /// In any other process it listens by itself, as ever. <see cref="IClusterContext"/> is there in both.
    /// A process may have several hosts: the worker leaves when the last one that listens has stopped.
    /// </summary>
    public static IHostApplicationBuilder UseCluster(this IHostApplicationBuilder builder) => UseCluster(builder, static _ => { });

    /// <inheritdoc cref="UseCluster(IHostApplicationBuilder)"/>
    public static IHostApplicationBuilder UseCluster(this IHostApplicationBuilder builder, Action<ClusterHostOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        AddCluster(builder.Services, configure);
        return builder;
    }

    /// <inheritdoc cref="UseCluster(IHostApplicationBuilder)"/>
    public static IWebHostBuilder UseCluster(this IWebHostBuilder builder) => UseCluster(builder, static _ => { });

    /// <inheritdoc cref="UseCluster(IHostApplicationBuilder)"/>
    public static IWebHostBuilder UseCluster(this IWebHostBuilder builder, Action<ClusterHostOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        return builder.ConfigureServices(services => AddCluster(services, configure));
    }

    /// <inheritdoc cref="UseCluster(IHostApplicationBuilder)"/>
    public static IHostBuilder UseCluster(this IHostBuilder builder) => UseCluster(builder, static _ => { });

    /// <inheritdoc cref="UseCluster(IHostApplicationBuilder)"/>
    public static IHostBuilder UseCluster(this IHostBuilder builder, Action<ClusterHostOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        return builder.ConfigureServices((_, services) => AddCluster(services, configure));
    }

    private static void AddCluster(IServiceCollection services, Action<ClusterHostOptions> configure)
    {
        services.AddClusterContext();
        if (!Cluster.IsWorker)
        {
            return;
        }

        services.Configure(configure);

        // A second call, as when the program has the line itself and is run by the command, only configures.
        if (!services.Any(static service => service.ServiceType == typeof(ClusterConnectionListenerFactory)))
        {
            // Of several factories that can bind an end point, Kestrel takes the one registered last.
            services.AddSingleton<ClusterConnectionListenerFactory>();
            services.AddSingleton<IConnectionListenerFactory>(static provider => provider.GetRequiredService<ClusterConnectionListenerFactory>());
            services.AddSingleton<DrainService>();
            services.AddHostedService(static provider => provider.GetRequiredService<DrainService>());
            if (DrainingServer.IsNeededBy(services))
            {
                DrainingServer.AddTo(services);
            }

            LetSignalsWaitForTheStart(services);
            if (services.Any(static service => service.ServiceType == typeof(IMultiplexedConnectionListenerFactory)))
            {
                // The first worker would have the UDP port for itself, and the second would fail to start.
                services.RemoveAll<IMultiplexedConnectionListenerFactory>();
                services.AddHostedService<Http3Notice>();
            }

            services.AddHostedService<ReadinessService>();
            services.AddSingleton<Drain>();
            services.AddSingleton<IStartupFilter>(static provider => provider.GetRequiredService<Drain>());

            // The drain comes out of nobody else's time.
            services.AddOptions<HostOptions>().PostConfigure<IOptions<ClusterHostOptions>>(static (host, cluster) =>
            {
                if (host.ShutdownTimeout >= TimeSpan.Zero)
                {
                    host.ShutdownTimeout += cluster.Value.DrainTimeout;
                }
            });
            services.TryAddSingleton(new RegisteredServices(services));
            services.AddHostedService<StartupCheckService>();
        }
    }

    /// <summary>Ctrl+C reaches workers too, whatever they are at. Where the application has another lifetime than .NET's default, signals are that one's.</summary>
    private static void LetSignalsWaitForTheStart(IServiceCollection services)
    {
        if (services.LastOrDefault(static service => service.ServiceType == typeof(IHostLifetime)) is { ImplementationType: { } type } lifetime && type == typeof(ConsoleLifetime))
        {
            services.Remove(lifetime);
            services.AddSingleton<IHostLifetime>(static provider => new ConsoleLifetime(
                provider.GetRequiredService<IOptions<ConsoleLifetimeOptions>>(),
                provider.GetRequiredService<IHostEnvironment>(),
                new StopAfterStart(provider.GetRequiredService<IHostApplicationLifetime>(), ThisProcess.Hosts.TellToEnd),
                provider.GetRequiredService<IOptions<HostOptions>>(),
                provider.GetRequiredService<ILoggerFactory>()));
        }
    }
}
