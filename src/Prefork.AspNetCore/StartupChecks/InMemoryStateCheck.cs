using Microsoft.AspNetCore.Session;
using Microsoft.Extensions.Caching.Distributed;

namespace Prefork.AspNetCore.StartupChecks;

/// <summary>
/// A distributed cache that is not distributed, and sessions in it. MVC registers that cache itself, for a tag helper that few use: behind
/// MVC's it is only told by sessions, for whose it is cannot be seen.
/// </summary>
internal static class InMemoryStateCheck
{
    private const string MvcStorage = "Microsoft.AspNetCore.Mvc.TagHelpers.Cache.IDistributedCacheTagHelperStorage";

    internal static IEnumerable<Finding> Look(RegisteredServices registered)
    {
        if (registered.Last(typeof(IDistributedCache)) is not { } cache || cache.Descriptor.ImplementationType != typeof(MemoryDistributedCache))
        {
            yield break;
        }

        var mvc = registered.IndexOf(MvcStorage);
        if (registered.Has(typeof(ISessionStore)))
        {
            yield return new Finding("sessions", StartupCheckLog.SessionsInMemory);
        }
        else if (mvc < 0 || cache.Index < mvc)
        {
            yield return new Finding("distributed-cache", StartupCheckLog.CacheInMemory);
        }
    }
}
