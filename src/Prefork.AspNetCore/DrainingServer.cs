using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Prefork.AspNetCore;

/// <summary>
/// The drain in a web host without the generic host (<c>WebHost.CreateDefaultBuilder</c>). Such a host tells its services nothing before it stops
/// its server, so the server drains before it stops.
/// </summary>
internal sealed class DrainingServer(IServer server, DrainService drain) : IServer
{
    public IFeatureCollection Features => server.Features;

    /// <summary>Only the generic host has a lifetime.</summary>
    internal static bool IsNeededBy(IServiceCollection services) => !services.Any(static service => service.ServiceType == typeof(IHostLifetime));

    /// <summary>Puts itself before the server that is registered, if there is one.</summary>
    internal static void AddTo(IServiceCollection services)
    {
        if (services.LastOrDefault(static service => service.ServiceType == typeof(IServer)) is { ImplementationType: { } type } registered)
        {
            services.Remove(registered);
            services.AddSingleton<IServer>(provider => new DrainingServer((IServer)ActivatorUtilities.CreateInstance(provider, type), provider.GetRequiredService<DrainService>()));
        }
    }

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
        => server.StartAsync(application, cancellationToken);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await drain.StoppingAsync(cancellationToken).ConfigureAwait(false);
        await server.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The container knows only this object, and so it is this one that disposes the server.</summary>
    public void Dispose() => server.Dispose();
}
