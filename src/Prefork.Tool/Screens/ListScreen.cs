using System.Globalization;
using Prefork.Tool.Control;
using Prefork.Tool.Memory;

namespace Prefork.Tool.Screens;

/// <summary>Applications, a line each.</summary>
internal static class ListScreen
{
    internal static IEnumerable<string> Draw(IReadOnlyList<ApplicationStatus> applications, int width, bool colors, DateTimeOffset now)
    {
        var grid = new Grid(
            new Column("NAME", 0, Least: 12),
            new Column("STATE", 1, Least: 12),
            new Column("PID", 4),
            new Column("WORKERS", 2),
            new Column("GENERATION", 8),
            new Column("UP", 5),
            new Column("RESTARTS", 7),
            new Column("MEMORY", 6),
            new Column("LISTENS ON", 3, Least: 15));
        foreach (var application in applications)
        {
            var cluster = application.Cluster;
            grid.Add(
                application.FullName,
                new Cell($"{cluster.State}{(cluster.Operation is { } operation ? $" ({operation})" : "")}", Figures.ColorOf(cluster.State)),
                $"{application.ProcessId}",
                $"{cluster.Workers.Count(static worker => worker.Phase == WorkerPhase.Serving)}/{cluster.DesiredWorkers}",
                $"{cluster.Generation}",
                Figures.Age(cluster.Since, now),
                $"{cluster.Restarts}",
                Figures.Megabytes(Figures.Sum(cluster.Workers.Select(static worker => worker.ResidentMemory))),
                Figures.Addresses(application.Addresses));
        }

        return grid.Draw(width, colors);
    }

    /// <summary>Those that have ended, with when and why.</summary>
    internal static IEnumerable<string> Draw(IReadOnlyList<(RememberedApplication Application, RememberedEnd End)> ended, int width, bool colors)
    {
        var grid = new Grid(new Column("NAME", 0, Least: 12), new Column("ENDED", 2), new Column("WHY", 1, Least: 20));
        foreach (var (application, end) in ended)
        {
            grid.Add(application.Name, string.Create(CultureInfo.InvariantCulture, $"{end.Time.ToLocalTime():yyyy-MM-dd HH:mm:ss}"), end.Reason);
        }

        return grid.Draw(width, colors);
    }
}
