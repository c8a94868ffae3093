using System.CommandLine;
using System.Globalization;

namespace Prefork.Tool;

/// <summary>What <c>run</c> and <c>start</c> are told, which is the same.</summary>
internal sealed class RunArguments
{
    private readonly Argument<string> _program = new("program")
    {
        Description = "An ASP.NET Core application (.dll, or its executable), or a Node script (.js, .mjs, .cjs).",
    };

    private readonly Option<int> _workers = new("--workers", "-w")
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

    private readonly Option<string?> _name = new("--name") { Description = "The application's name, for the other commands. [default: the program's file name]" };
    private readonly Option<string?> _directory = new("--cwd") { Description = "The workers' working directory. [default: this one]" };
    private readonly Option<string[]> _variables = new("--env", "-e") { Description = "A variable for the workers: NAME=VALUE, or NAME= for an empty one. May be repeated.", HelpName = "NAME=VALUE" };
    private readonly Option<string?> _scheduling = new("--scheduling")
    {
        Description = "Who accepts connections: rr (the primary, in turn), shared (the workers), least (the primary, for the worker with the fewest). [default: rr]",
    };

    private readonly Option<double> _bootTimeout = new("--boot-timeout") { Description = "Seconds for a worker to be ready.", DefaultValueFactory = static _ => 60 };
    private readonly Option<string?> _health = new("--health")
    {
        Description = "What a worker must pass before it gets clients: a path (/health), an http or https address, tcp, or command:PROGRAM.",
        HelpName = "PATH|ADDRESS|tcp|command:PROGRAM",
    };

    private readonly Option<TimeSpan?> _stopTimeout = Arguments.Time("--stop-timeout", "How long a worker has to leave before it gets SIGTERM. [default: 30s]");
    private readonly Option<TimeSpan?> _watchWindow = Arguments.Time("--watch-window", "How long a reload watches the new workers before it is done. [default: 5s]");
    private readonly Option<TimeSpan?> _maxAge = Arguments.Time("--max-age", "Replaces workers that are older.");
    private readonly Option<long?> _maxMemory = Arguments.Memory("--max-memory", "Replaces workers that have more in memory.");
    private readonly Option<long?> _maxRequests = new("--max-requests") { Description = "Replaces workers that have served more requests.", HelpName = "N" };
    private readonly Option<bool> _keepWarm = new("--keep-warm") { Description = "Keeps workers of the previous generation ready, for a rollback at once." };

    internal RunArguments()
    {
        _scheduling.AcceptOnlyFromAmong("rr", "shared", "least");
        _variables.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens.Where(static token => token.Value.IndexOf('=') < 1))
            {
                result.AddError($"'{token.Value}' is no variable: give NAME=VALUE.");
            }
        });
        _bootTimeout.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<double>() is not (> 0 and <= 86400))
            {
                result.AddError("--boot-timeout must be more than 0 and at most 86400 seconds.");
            }
        });
        _maxRequests.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<long?>() < 1)
            {
                result.AddError("--max-requests must be at least 1.");
            }
        });
        _health.Validators.Add(static result =>
        {
            try
            {
                _ = ParseHealth(result.GetValueOrDefault<string?>());
            }
            catch (ArgumentException exception)
            {
                result.AddError($"--health: {exception.Message}");
            }
        });
    }

    internal void AddTo(Command command)
    {
        command.Arguments.Add(_program);
        foreach (Option option in new Option[] { _workers, _name, _directory, _variables, _scheduling, _bootTimeout, _health, _stopTimeout, _watchWindow, _maxAge, _maxMemory, _maxRequests, _keepWarm })
        {
            command.Options.Add(option);
        }
    }

    internal RunOptions Read(ParseResult result, IReadOnlyList<string> arguments, bool background) => new()
    {
        Program = result.GetRequiredValue(_program),
        Arguments = arguments,
        Workers = result.GetValue(_workers),
        Name = result.GetValue(_name),
        WorkingDirectory = result.GetValue(_directory),
        Environment = (result.GetValue(_variables) ?? []).Select(static text => text.Split('=', 2)).GroupBy(static pair => pair[0])
            .ToDictionary(static pairs => pairs.Key, static pairs => (string?)pairs.Last()[1]),
        Policy = result.GetValue(_scheduling) switch
        {
            "rr" => SchedulingPolicy.RoundRobin,
            "shared" => SchedulingPolicy.Shared,
            "least" => SchedulingPolicy.LeastConnections,
            _ => null,
        },
        BootTimeout = TimeSpan.FromSeconds(result.GetValue(_bootTimeout)),
        HealthGate = ParseHealth(result.GetValue(_health)),
        StopTimeout = result.GetValue(_stopTimeout),
        WatchWindow = result.GetValue(_watchWindow),
        MaxAge = result.GetValue(_maxAge),
        MaxMemory = result.GetValue(_maxMemory),
        MaxRequests = result.GetValue(_maxRequests),
        KeepWarm = result.GetValue(_keepWarm),
        IsBackground = background,
    };

    internal static int? ParseWorkers(string text) => text switch
    {
        "max" => Environment.ProcessorCount,
        "max-1" => Math.Max(Environment.ProcessorCount - 1, 1),
        _ => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 1024 ? count : null,
    };

    private static HealthGate? ParseHealth(string? text) => text switch
    {
        null => null,
        "tcp" => HealthGate.Tcp(),
        _ when text.StartsWith("command:", StringComparison.Ordinal) => HealthGate.Command(text["command:".Length..], []),
        _ => HealthGate.Http(text),
    };
}
