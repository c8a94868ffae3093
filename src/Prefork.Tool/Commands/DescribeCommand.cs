using System.CommandLine;
using Prefork.Supervision;
using Prefork.Tool.Control;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Prefork.Tool;

/// <summary><c>prefork describe [NAME]</c>: all there is to know of one application, and why its workers ended.</summary>
internal static class DescribeCommand
{
    private const int ShownEndings = 10;

    /// <summary>Of each, from the one on that says why.</summary>
    private const int ShownLines = 10;

    internal static Command Create()
    {
        var name = Arguments.Name();
        var json = Arguments.Json();
        var command = new Command("describe", "Tells all of one application: its workers, and why those before them ended.") { name, json };
        command.SetAction((result, cancellation) => Output.RunAsync(result.GetValue(json), async () =>
        {
            var application = await ControlClient.StatusAsync(ControlClient.Resolve(result.GetValue(name)), cancellation);
            if (result.GetValue(json))
            {
                Output.WriteJson([application]);
            }
            else
            {
                Output.Write(Draw(application));
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    private static Rows Draw(ApplicationStatus application)
    {
        var cluster = application.Cluster;
        List<IRenderable> rows =
        [
            ListCommand.Draw([application]),
            new Text($"\nprogram        {cluster.Program}\nlog            {application.Log ?? "none: it runs in the foreground"}\nconfiguration  {Describe(application.Configuration)}\n"),
            Workers(cluster),
        ];
        if (cluster.Endings.Count > 0)
        {
            rows.Add(new Text("\nendings, the newest first"));
            foreach (var ending in cluster.Endings.Reverse().Take(ShownEndings))
            {
                rows.Add(new Text($"  {ending.Time.ToLocalTime():yyyy-MM-dd HH:mm:ss}  worker {ending.WorkerId} (slot {ending.Slot}, generation {ending.Generation}){(ending.Exit is { } exit ? $", {exit}" : "")}, after {ending.Uptime.TotalSeconds:0.#} s: {ending.Reason}"));
                rows.AddRange((ending.Planned ? [] : LastWords.Tail(ending.LastLines, ShownLines)).Select(static line => new Text($"    | {line}")));
            }
        }

        return new Rows(rows);
    }

    private static string Describe(ConfigurationStatus? configuration) => configuration switch
    {
        null => "no file",
        { Error: { } error } => $"{configuration.File}, which a reload would refuse: {error}",
        { Changes: [] } => $"{configuration.File}, which is what runs",
        _ => $"{configuration.File}, which has changed; a reload would bring{string.Concat(configuration.Changes.Select(static change => $"\n                 {change}"))}",
    };

    internal static Table Workers(SupervisorStatus cluster)
    {
        var table = Output.Table("SLOT", "WORKER", "PID", "GEN", "PHASE", "UP", "CONN", "REQUESTS", "MEMORY", "CPU");
        foreach (var worker in cluster.Workers)
        {
            table.AddRow($"{worker.Slot}", $"{worker.Id}", $"{worker.ProcessId}", $"{worker.Generation}", $"{worker.Phase}", Output.Age(worker.Since),
                Output.Count(worker.Connections), Output.Count(worker.Requests), Output.Megabytes(worker.ResidentMemory), Output.Known(worker.ProcessorTime, static time => $"{time.TotalSeconds:0.0} s"));
        }

        return table;
    }
}
