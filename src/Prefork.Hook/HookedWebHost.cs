using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Prefork.AspNetCore;
using Prefork.Hook;

[assembly: HostingStartup(typeof(HookedWebHost))]

namespace Prefork.Hook;

/// <summary>
/// A web host without the generic host (<c>WebHost.CreateDefaultBuilder</c>, <c>new WebHostBuilder()</c>) raises no event when it is built.
/// It calls the hosting startups that a variable names, and this is one.
/// </summary>
internal sealed class HookedWebHost : IHostingStartup
{
    public void Configure(IWebHostBuilder builder)
    {
        // The generic host calls it too, before Kestrel's own transport is registered, which would then be the last. It has its event.
        if (builder is WebHostBuilder)
        {
            builder.UseCluster().ConfigureServices(static services => services.AddHostedService<HostingStartupService>());
        }
    }
}
