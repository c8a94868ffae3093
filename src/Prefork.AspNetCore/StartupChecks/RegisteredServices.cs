using Microsoft.Extensions.DependencyInjection;

namespace Prefork.AspNetCore.StartupChecks;

/// <summary>What the application has registered. By types' names, for much of it is in packages that are not ours to know.</summary>
internal sealed class RegisteredServices(IServiceCollection services)
{
    internal bool Has(Type service) => services.Any(descriptor => descriptor.ServiceType == service);

    internal bool HasNamespace(string prefix)
        => services.Any(descriptor => descriptor.ServiceType.Namespace?.StartsWith(prefix, StringComparison.Ordinal) == true
            || (!descriptor.IsKeyedService && descriptor.ImplementationType?.Namespace?.StartsWith(prefix, StringComparison.Ordinal) == true));

    /// <summary>The registration that is used, and where it stands among all; null when there is none.</summary>
    internal (ServiceDescriptor Descriptor, int Index)? Last(Type service)
    {
        for (var i = services.Count - 1; i >= 0; i--)
        {
            if (services[i] is { IsKeyedService: false } descriptor && descriptor.ServiceType == service)
            {
                return (descriptor, i);
            }
        }

        return null;
    }

    internal int IndexOf(string serviceName)
    {
        for (var i = 0; i < services.Count; i++)
        {
            if (services[i].ServiceType.FullName == serviceName)
            {
                return i;
            }
        }

        return -1;
    }
}
