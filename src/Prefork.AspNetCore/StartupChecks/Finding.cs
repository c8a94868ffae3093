using Microsoft.Extensions.Logging;

namespace Prefork.AspNetCore.StartupChecks;

/// <summary>Something that breaks when one process becomes many.</summary>
/// <param name="Name">By which the cluster knows that it has been said.</param>
/// <param name="Say">Says it.</param>
internal readonly record struct Finding(string Name, Action<ILogger> Say);
