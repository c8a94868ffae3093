using Microsoft.Extensions.Hosting;

namespace Prefork.Hook;

/// <summary>A host, of either kind, runs without the variable. When it has stopped, the program may build another one.</summary>
internal sealed class HostingStartupService : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        HostingStartupVariable.Remove();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        HostingStartupVariable.Set();
        return Task.CompletedTask;
    }
}
