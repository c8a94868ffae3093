using System.CommandLine;
using System.Globalization;

namespace Prefork.Tool;

/// <summary><c>prefork run PROGRAM [options] [-- ARGUMENTS]</c></summary>
internal static class RunCommand
{
    internal static Command Create()
    {
        var program = new Argument<string>("program")
        {
            Description = "An ASP.NET Core application (.dll, or its executable), or a Node script (.js, .mjs, .cjs).",
        };
        var workers = new Option<int>("--workers", "-w")
        {
            Description = "How many workers: a number, 'max' (one a processor), or 'max-1'.",
            HelpName = "N|max|max-1",
            DefaultValueFactory = static _ => Environment.ProcessorCount,
            CustomParser = static result =>
            {
                var text = result.Tokens[0].Value;
                if (ParseWorkers(text) is { } count)
                {
                    return count;
                }

                result.AddError($"'{text}' is no number of workers: give 1 or more, 'max', or 'max-1'.");
                return 0;
            },
        };
        var directory = new Option<string?>("--cwd") { Description = "The workers' working directory. [default: this one]" };
        var variables = new Option<string[]>("--env", "-e") { Description = "A variable for the workers: NAME=VALUE, or NAME= for an empty one. May be repeated.", HelpName = "NAME=VALUE" };
        variables.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens.Where(static token => token.Value.IndexOf('=') < 1))
            {
                result.AddError($"'{token.Value}' is no variable: give NAME=VALUE.");
            }
        });
        var scheduling = new Option<string?>("--scheduling")
        {
            Description = "Who accepts connections: rr (the primary, in turn), shared (the workers), least (the primary, for the worker with the fewest). [default: rr]",
        };
        scheduling.AcceptOnlyFromAmong("rr", "shared", "least");
        var bootTimeout = new Option<double>("--boot-timeout")
        {
            Description = "Seconds for a worker to come to listen.",
            DefaultValueFactory = static _ => 60,
        };
        bootTimeout.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<double>() is not (> 0 and <= 86400))
            {
                result.AddError("--boot-timeout must be more than 0 and at most 86400 seconds.");
            }
        });
        var arguments = new Argument<string[]>("arguments") { Description = "Arguments for the program, after --.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("run", "Runs a program as workers, in the foreground, until Ctrl+C or SIGTERM.")
        {
            program, arguments, workers, directory, variables, scheduling, bootTimeout,
        };
        command.SetAction((result, cancellation) => Runner.RunAsync(
            new RunOptions
            {
                Program = result.GetRequiredValue(program),
                Arguments = result.GetValue(arguments) ?? [],
                Workers = result.GetValue(workers),
                WorkingDirectory = result.GetValue(directory),
                Environment = (result.GetValue(variables) ?? []).Select(static text => text.Split('=', 2)).GroupBy(static pair => pair[0])
                    .ToDictionary(static pairs => pairs.Key, static pairs => (string?)pairs.Last()[1]),
                Policy = result.GetValue(scheduling) switch
                {
                    "rr" => SchedulingPolicy.RoundRobin,
                    "shared" => SchedulingPolicy.Shared,
                    "least" => SchedulingPolicy.LeastConnections,
                    _ => null,
                },
                BootTimeout = TimeSpan.FromSeconds(result.GetValue(bootTimeout)),
            },
            cancellation));
        return command;
    }

    private static int? ParseWorkers(string text) => text switch
    {
        "max" => Environment.ProcessorCount,
        "max-1" => Math.Max(Environment.ProcessorCount - 1, 1),
        _ => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 1024 ? count : null,
    };
}
