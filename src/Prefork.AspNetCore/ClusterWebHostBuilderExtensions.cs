using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Prefork.AspNetCore.StartupChecks;

namespace Prefork.AspNetCore;

/// <summary>One line that makes an ASP.NET Core application a worker.</summary>
public static class ClusterWebHostBuilderExtensions
{
    /// <summary>
    /// In a worker, Kestrel's connections come from the primary, and a disconnect stops the host gracefully.
    /// In any other process it listens by itself, as ever. <see cref="IClusterContext"/> is there in both.
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

    private static void AddCluster(IServiceCollection services, Action<ClusterHostOptions> configure)
    {
        services.AddClusterContext();
        if (Cluster.IsWorker)
        {
            services.Configure(configure);

            // Of several factories that can bind an end point, Kestrel takes the one registered last.
            services.AddSingleton<IConnectionListenerFactory, ClusterConnectionListenerFactory>();
            services.AddHostedService<DisconnectService>();
            services.TryAddSingleton(new RegisteredServices(services));
            services.AddHostedService<StartupCheckService>();
        }
    }
}
