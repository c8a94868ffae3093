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
        var own = OpenFiles.OfThisProcess();
        var databases = own.Where(IsSqlite).ToList();
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
            own.IntersectWith(OpenFiles.OfTheOthers());
            own.ExceptWith(databases.SelectMany(database => SideFiles.Select(side => database + side).Append(database)));
            if (own.Count > 0)
            {
                var files = string.Join(", ", own.Order(StringComparer.Ordinal).Take(NamedAtMost));
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

    private static bool IsSqlite(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            Span<byte> header = stackalloc byte[16];
            return file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length && header.SequenceEqual("SQLite format 3\0"u8);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
