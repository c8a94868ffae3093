using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Prefork.AspNetCore;

namespace Prefork.Hook;

/// <summary>What needs ASP.NET Core, apart from what does not.</summary>
internal static class HookedHost
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void UseCluster(IHostBuilder builder)
    {
        builder.UseCluster();
        if (HostingStartupVariable.IsWanted)
        {
            builder.ConfigureServices(static (_, services) => services.AddHostedService<HostingStartupService>());
        }
    }
}
