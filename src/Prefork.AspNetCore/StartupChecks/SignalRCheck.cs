using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;

namespace Prefork.AspNetCore.StartupChecks;

/// <summary>A hub that is mapped: one that is only registered harms nobody. The Azure SignalR Service keeps the connections itself.</summary>
internal static class SignalRCheck
{
    internal static IEnumerable<Finding> Look(IServiceProvider services, RegisteredServices registered)
    {
        if (registered.HasNamespace("Microsoft.Azure.SignalR"))
        {
            yield break;
        }

        var hub = services.GetService<EndpointDataSource>()?.Endpoints.Select(endpoint => endpoint.Metadata.GetMetadata<HubMetadata>()?.HubType.Name).FirstOrDefault(name => name is not null);
        if (hub is not null)
        {
            yield return new Finding("signalr", logger => StartupCheckLog.SignalR(logger, hub));
        }
    }
}
