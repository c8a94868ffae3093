using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Prefork.AspNetCore.StartupChecks;

/// <summary>
/// Keys that are not shared: a provider that is ephemeral, a repository in memory, or none, and no folder in which the default would be.
/// (The default, a folder in HOME, is shared by workers of one user.) And a name of the application that is its folder.
/// </summary>
internal static class DataProtectionCheck
{
    internal static IEnumerable<Finding> Look(IServiceProvider services, RegisteredServices registered)
    {
        if (!registered.Has(typeof(IDataProtectionProvider)))
        {
            yield break;
        }

        if (!AreKeysShared(services))
        {
            yield return new Finding("data-protection-keys", StartupCheckLog.KeysNotShared);
        }
        else if (MovingName(services) is { } folder)
        {
            yield return new Finding("data-protection-name", logger => StartupCheckLog.NameMoves(logger, folder));
        }
    }

    private static bool AreKeysShared(IServiceProvider services)
    {
        if (services.GetService<IDataProtectionProvider>() is EphemeralDataProtectionProvider)
        {
            return false;
        }

        return services.GetRequiredService<IOptions<KeyManagementOptions>>().Value.XmlRepository is { } repository
            ? !(repository.GetType().Name is { } name && (name.StartsWith("Ephemeral", StringComparison.Ordinal) || name.StartsWith("InMemory", StringComparison.Ordinal)))
            : FileSystemXmlRepository.DefaultKeyStorageDirectory is not null;
    }

    /// <summary>In an image the folder is always the same, and while a program is being written there are no releases.</summary>
    private static string? MovingName(IServiceProvider services)
    {
        var host = services.GetRequiredService<IHostEnvironment>();
        if (host.IsDevelopment() || Environment.GetEnvironmentVariable("DOTNET_RUNNING_IN_CONTAINER") is "true" or "1")
        {
            return null;
        }

        // Which is the folder unless it is set.
        var folder = host.ContentRootPath.TrimEnd('/');
        var name = services.GetRequiredService<IOptions<DataProtectionOptions>>().Value.ApplicationDiscriminator;
        return string.IsNullOrEmpty(name) || name.TrimEnd('/') == folder ? folder : null;
    }
}
