using System.CommandLine;
using Prefork.Tool.Control;
using Spectre.Console;

namespace Prefork.Tool;

/// <summary><c>prefork list</c>: this user's applications.</summary>
internal static class ListCommand
{
    internal static Command Create()
    {
        var json = Arguments.Json();
        var command = new Command("list", "Lists the applications that run.") { json };
        command.SetAction((result, cancellation) => Output.RunAsync(result.GetValue(json), async () =>
        {
            var (applications, allAnswer) = await AllAsync(cancellation);
            if (result.GetValue(json))
            {
                Output.WriteJson(applications);
            }
            else
            {
                Output.Write(Draw(applications));
            }

            return allAnswer ? ExitCodes.Success : ExitCodes.Failed;
        }));
        return command;
    }

    /// <summary>Those that answer. One that does not is named on standard error.</summary>
    internal static async Task<(IReadOnlyList<ApplicationStatus> Applications, bool AllAnswer)> AllAsync(CancellationToken cancellation)
    {
        var folder = RuntimeFolder.Open();
        var names = ControlSocket.Living(folder);
        var asked = names.Select(name => ControlClient.StatusAsync(ControlSocket.PathOf(folder, name), cancellation)).ToList();
        var applications = new List<ApplicationStatus>();
        var allAnswer = true;
        foreach (var (name, status) in names.Zip(asked))
        {
            try
            {
                applications.Add(await status);
            }
            catch (CommandException exception) when (exception.ExitCode == ExitCodes.NotRunning)
            {
                // It comes or goes just now.
            }
            catch (CommandException exception)
            {
                allAnswer = false;
                await Console.Error.WriteLineAsync($"prefork: {name}: {exception.Message}");
            }
        }

        return (applications, allAnswer);
    }

    internal static Table Draw(IReadOnlyList<ApplicationStatus> applications)
    {
        var table = Output.Table("NAME", "STATE", "PID", "WORKERS", "GENERATION", "UP", "RESTARTS", "MEMORY");
        foreach (var application in applications)
        {
            var cluster = application.Cluster;
            var color = cluster.State switch
            {
                SupervisorState.Healthy => Color.Green,
                SupervisorState.Degraded => Color.Red,
                _ => Color.Yellow,
            };
            table.AddRow(
                new Text(application.Name),
                new Text($"{cluster.State}{(cluster.Operation is { } operation ? $" ({operation})" : "")}", color),
                new Text($"{application.ProcessId}"),
                new Text($"{cluster.Workers.Count(static worker => worker.Phase == WorkerPhase.Serving)}/{cluster.DesiredWorkers}"),
                new Text($"{cluster.Generation}"),
                new Text(Output.Age(cluster.Since)),
                new Text($"{cluster.Restarts}"),
                new Text(Output.Megabytes(cluster.Workers.All(static worker => worker.ResidentMemory is null) ? null : cluster.Workers.Sum(static worker => worker.ResidentMemory))));
        }

        return table;
    }
}
