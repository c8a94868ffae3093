using Microsoft.Extensions.Hosting;

namespace Prefork.AspNetCore;

/// <summary>Stops the host when the worker is to leave.</summary>
internal sealed class DisconnectService(IHostApplicationLifetime lifetime) : IHostedService
{
    private CancellationTokenRegistration _leaving;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _leaving = Cluster.Worker!.Leaving.Register(lifetime.StopApplication);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _leaving.Dispose();
        return Task.CompletedTask;
    }
}
