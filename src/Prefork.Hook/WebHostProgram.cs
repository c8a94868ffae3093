using System.Reflection;
using System.Reflection.Metadata;

namespace Prefork.Hook;

/// <summary>Which programs build a web host without the generic host.</summary>
internal static class WebHostProgram
{
    /// <summary>Whether a program's own assembly speaks of <c>WebHost</c> or <c>WebHostBuilder</c>. Its libraries are not looked at: there may be hundreds.</summary>
    internal static unsafe bool Is(Assembly? program)
    {
        if (program is null || !program.TryGetRawMetadata(out var blob, out var length))
        {
            return false;
        }

        var metadata = new MetadataReader(blob, length);
        return metadata.TypeReferences.Select(metadata.GetTypeReference).Any(type => Is(metadata, type, "Microsoft.AspNetCore", "WebHost") || Is(metadata, type, "Microsoft.AspNetCore.Hosting", "WebHostBuilder"));
    }

    private static bool Is(MetadataReader metadata, TypeReference type, string space, string name)
        => metadata.StringComparer.Equals(type.Namespace, space) && metadata.StringComparer.Equals(type.Name, name);
}
