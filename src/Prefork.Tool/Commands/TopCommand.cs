using System.CommandLine;
using Prefork.Tool.Control;
using Spectre.Console;

namespace Prefork.Tool;

/// <summary><c>prefork top [NAME]</c>: the workers as they are, once a second; once only where there is no terminal, unless it is JSON.</summary>
internal static class TopCommand
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    internal static Command Create()
    {
        var name = Arguments.Name();
        var json = Arguments.Json();
        var command = new Command("top", "Shows applications and their workers live, until Ctrl+C.") { name, json };
        command.SetAction((result, cancellation) => Output.RunAsync(result.GetValue(json), () => ShowAsync(result.GetValue(name), result.GetValue(json), cancellation)));
        return command;
    }

    private static async Task<int> ShowAsync(string? name, bool json, CancellationToken cancellation)
    {
        var path = name is null ? null : ControlClient.Resolve(name);
        if (Console.IsOutputRedirected && !json)
        {
            Output.Write(Draw(await AskAsync(path, cancellation), []));
            return ExitCodes.Success;
        }

        var before = new Dictionary<int, TimeSpan?>();
        try
        {
            while (json)
            {
                Output.WriteJson(new Tick(DateTimeOffset.Now, await AskAsync(path, cancellation)));
                await Task.Delay(s_second, cancellation);
            }

            await AnsiConsole.Live(new Text("")).StartAsync(async live =>
            {
                while (true)
                {
                    live.UpdateTarget(Draw(await AskAsync(path, cancellation), before));
                    await Task.Delay(s_second, cancellation);
                }
            });
        }
        catch (OperationCanceledException)
        {
            // Ctrl+C is how it ends.
        }

        return ExitCodes.Success;
    }

    private static async Task<IReadOnlyList<ApplicationStatus>> AskAsync(string? path, CancellationToken cancellation)
        => path is null ? (await ListCommand.AllAsync(cancellation)).Applications : [await ControlClient.StatusAsync(path, cancellation)];

    private static Rows Draw(IReadOnlyList<ApplicationStatus> applications, Dictionary<int, TimeSpan?> before)
    {
        var table = Output.Table("NAME", "SLOT", "PID", "GEN", "PHASE", "UP", "CONN", "REQUESTS", "MEMORY", "CPU");
        foreach (var application in applications)
        {
            foreach (var worker in application.Cluster.Workers)
            {
                var pid = worker.ProcessId ?? 0;
                var cpu = Output.Known(worker.ProcessorTime - (before.TryGetValue(pid, out var last) ? last : null), static used => $"{Math.Max(0, used / s_second) * 100:0} %");
                before[pid] = worker.ProcessorTime;
                table.AddRow(application.Name, $"{worker.Slot}", $"{pid}", $"{worker.Generation}", $"{worker.Phase}", Output.Age(worker.Since), Output.Count(worker.Connections), Output.Count(worker.Requests), Output.Megabytes(worker.ResidentMemory), cpu);
            }
        }

        return new Rows(ListCommand.Draw(applications), new Text(""), table);
    }
}
