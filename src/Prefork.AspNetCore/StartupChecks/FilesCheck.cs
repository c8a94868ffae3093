using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Prefork.AspNetCore.StartupChecks;

/// <summary>
/// Files that several processes write. What is open is seen at the kernel's; the worker that starts last sees all of it. A database that is
/// opened by the first request is not open yet: its connection string says it.
/// </summary>
internal static class FilesCheck
{
    private const int NamedAtMost = 5;
    private static readonly string[] DatabaseExtensions = [".db", ".db3", ".sqlite", ".sqlite3", ".s3db", ".litedb"];
    private static readonly string[] FileKeys = ["datasource", "filename"];
    private static readonly string[] SideFiles = ["-wal", "-shm", "-journal"];

    internal static IEnumerable<Finding> Look(IServiceProvider services, ClusterStartupChecks checks)
    {
        var open = OpenFiles.OfThisProcess();
        var databases = open.Where(static file => OpenFiles.BeginsWith(file.Value, "SQLite format 3\0"u8)).Select(static file => file.Key).ToList();
        if (checks.HasFlag(ClusterStartupChecks.EmbeddedDatabase))
        {
            var database = databases.FirstOrDefault() ?? Configured(services.GetService<IConfiguration>());
            if (database is not null)
            {
                yield return new Finding("embedded-database", logger => StartupCheckLog.EmbeddedDatabase(logger, database));
            }
        }

        if (checks.HasFlag(ClusterStartupChecks.SharedFiles))
        {
            var shared = OpenFiles.OfTheOthers();
            shared.IntersectWith(open.Keys);
            shared.ExceptWith(databases.SelectMany(database => SideFiles.Select(side => database + side).Append(database)));
            if (shared.Count > 0)
            {
                var files = string.Join(", ", shared.Order(StringComparer.Ordinal).Take(NamedAtMost));
                yield return new Finding("shared-files", logger => StartupCheckLog.SharedFiles(logger, files));
            }
        }
    }

    /// <summary>The file of a connection string that names one; null for servers and databases in memory.</summary>
    internal static string? FileOf(string connectionString)
    {
        string? file = null;
        foreach (var part in connectionString.Split(';'))
        {
            var pair = part.Split('=', 2);
            var key = pair[0].Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant();
            var value = pair.Length == 2 ? pair[1].Trim().Trim('"', '\'') : "";
            if (key == "mode" && value.Equals("memory", StringComparison.OrdinalIgnoreCase))
            {
                return null;
            }

            if (FileKeys.Contains(key) && DatabaseExtensions.Contains(Path.GetExtension(value.Split('?')[0]), StringComparer.OrdinalIgnoreCase))
            {
                file = value;
            }
        }

        return file;
    }

    private static string? Configured(IConfiguration? configuration)
        => configuration?.GetSection("ConnectionStrings").GetChildren().Select(child => child.Value is { } value ? FileOf(value) : null).FirstOrDefault(file => file is not null);
}
