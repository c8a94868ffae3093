using System.Globalization;
using Prefork.Reporting;
using Prefork.Supervision;
using Prefork.Tool.Control;

namespace Prefork.Tool.Screens;

/// <summary>All of one application.</summary>
internal static class DescribeScreen
{
    private const int ShownEndings = 10;

    /// <summary>Of each, from the one on that says why.</summary>
    private const int ShownLines = 10;

    private const int Margin = 15;

    internal static IEnumerable<string> Draw(ApplicationStatus application, int width, bool colors, DateTimeOffset now)
    {
        var cluster = application.Cluster;
        foreach (var line in ListScreen.Draw([application], width, colors, now))
        {
            yield return line;
        }

        yield return "";
        foreach (var line in Facts(application).SelectMany(fact => Columns.Wrap(fact.Name.PadRight(Margin), PlainText.Line(fact.Value), width, Margin)))
        {
            yield return line;
        }

        yield return "";
        foreach (var line in Workers(cluster, now).Draw(width, colors))
        {
            yield return line;
        }

        if (cluster.Endings.Count == 0)
        {
            yield break;
        }

        yield return "";
        yield return "endings, the newest first";
        foreach (var line in cluster.Endings.Reverse().Take(ShownEndings).SelectMany(ending => Draw(ending, width)))
        {
            yield return line;
        }
    }

    private static IEnumerable<(string Name, string Value)> Facts(ApplicationStatus application)
    {
        yield return ("program", application.Cluster.Program);
        yield return ("listens on", application.Addresses is { Count: > 0 } addresses ? string.Join(", ", addresses) : "nothing yet");
        yield return ("log", application.Log ?? "none: it runs in the foreground");
        yield return ("configuration", application.Configuration switch
        {
            null => "no file",
            { Error: { } error } => $"{application.Configuration.File}, which a reload would refuse: {error}",
            { Changes: [] } => $"{application.Configuration.File}, which is what runs",
            _ => $"{application.Configuration.File}, which has changed; a reload would bring",
        });
        foreach (var change in application.Configuration is { Error: null } configuration ? configuration.Changes : [])
        {
            yield return ("", change);
        }
    }

    private static Grid Workers(SupervisorStatus cluster, DateTimeOffset now)
    {
        var grid = new Grid(
            new Column("SLOT", 0),
            new Column("WORKER", 7),
            new Column("PID", 2),
            new Column("GEN", 8),
            new Column("PHASE", 1),
            new Column("UP", 6),
            new Column("CONN", 4, IsNumber: true),
            new Column("REQUESTS", 5, IsNumber: true),
            new Column("MEMORY", 3, IsNumber: true),
            new Column("CPU", 9, IsNumber: true));
        foreach (var worker in cluster.Workers)
        {
            grid.Add(
                $"{worker.Slot}", $"{worker.Id}", worker.ProcessId is { } pid ? $"{pid}" : Figures.Unknown, $"{worker.Generation}", $"{worker.Phase}", Figures.Age(worker.Since, now),
                Figures.Count(worker.Connections), Figures.Count(worker.Requests), Figures.Megabytes(worker.ResidentMemory),
                Figures.Known(worker.ProcessorTime, static time => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s")));
        }

        return grid;
    }

    private static IEnumerable<string> Draw(WorkerEnding ending, int width)
    {
        var exit = ending.Exit is { } how ? $", {how}" : "";
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{ending.Time.ToLocalTime():yyyy-MM-dd HH:mm:ss}  worker {ending.WorkerId} (slot {ending.Slot}, generation {ending.Generation}){exit}, after {ending.Uptime.TotalSeconds:0.#} s: {ending.Reason}");
        return Columns.Wrap("  ", PlainText.Line(text), width, 4)
            .Concat((ending.Planned ? [] : LastWords.Tail(ending.LastLines, ShownLines)).SelectMany(line => Columns.Wrap("    | ", PlainText.Line(line), width, 6)));
    }
}
