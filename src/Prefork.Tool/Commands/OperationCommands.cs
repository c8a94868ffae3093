using System.CommandLine;
using System.Globalization;
using Prefork.Tool.Control;
using Prefork.Tool.Settings;

namespace Prefork.Tool;

/// <summary>Commands that change a running application: <c>stop</c>, <c>reload</c>, <c>restart</c>, <c>rollback</c>, <c>scale</c>. They wait till it is done.</summary>
internal static class OperationCommands
{
    internal static IEnumerable<Command> Create() =>
    [
        CreateStop(),
        CreateReplacing("reload", "Replaces all workers by new ones of the program and the configuration file as they are now; if these do not prove themselves, nothing changes."),
        CreateReplacing("restart", "Replaces all workers by new ones of the same program."),
        CreateReplacing("rollback", "Goes back to the generation before; or calls off a reload that is under way."),
        CreateScale(),
    ];

    private static Command CreateStop()
    {
        var now = new Option<bool>("--now") { Description = "Kills the workers, without drain." };
        var hasten = new Option<bool>("--hasten") { Description = "Lets the workers drain no longer: SIGTERM for those that are left." };
        return Create("stop", "Stops an application: its workers drain, then leave. Waits for a stop that is under way.", [hasten, now], result => new ControlRequest(result.GetValue(now) ? "kill" : result.GetValue(hasten) ? "hasten" : "stop"));
    }

    private static Command CreateReplacing(string name, string description)
    {
        var mode = Arguments.Value("--mode", "rolling (one after the other), all-at-once, or within-count (never more processes than workers). [default: rolling]", "rolling|all-at-once|within-count", Mode);
        var canary = Arguments.Time("--canary", "How long one new worker serves beside the old ones before the others follow.");
        var share = Arguments.Value("--canary-share", "Which part of the connections it gets, above 0 and at most 1. [default: 1]", "PART", Share);
        var watch = Arguments.Time("--watch-window", "How long the new workers are watched before it is done. [default: what the application has, 5s]");
        var queue = new Option<bool>("--queue") { Description = "Waits for another operation that is under way, instead of giving up." };
        return Create(name, description, [mode, canary, share, watch, queue], result => new ControlRequest(name)
        {
            Mode = result.GetValue(mode),
            CanarySeconds = result.GetValue(canary)?.TotalSeconds ?? 0,
            CanaryShare = result.GetValue(share) ?? 1,
            WatchSeconds = result.GetValue(watch)?.TotalSeconds,
            Queue = result.GetValue(queue),
        });
    }

    private static ReloadMode Mode(string text) => text switch
    {
        "rolling" => ReloadMode.Rolling,
        "all-at-once" => ReloadMode.AllAtOnce,
        "within-count" => ReloadMode.WithinCount,
        _ => throw new FormatException($"'{text}' is no mode of a reload: give rolling, all-at-once or within-count."),
    };

    private static double? Share(string text)
        => double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && share is > 0 and <= 1 ? share
            : throw new FormatException($"'{text}' is no part of the connections: give a number above 0 and at most 1, such as 0.1.");

    /// <summary>The count comes last: <c>scale 4</c> or <c>scale shop 4</c>.</summary>
    private static Command CreateScale()
    {
        var words = new Argument<string[]>("name-and-workers")
        {
            Description = "[NAME] and how many workers: a number, +N, -N, 'max' or 'max-1'.",
            HelpName = "[NAME] N|+N|-N|max|max-1",
            Arity = new ArgumentArity(1, 2),
        };
        words.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string[]>() is [.., var count] && Parse(count) is null)
            {
                result.AddError($"'{count}' is no number of workers: give 1 to 1024, +N, -N, 'max', or 'max-1'.");
            }
        });
        var json = Arguments.Json();
        var noWait = NoWait();
        var command = new Command("scale", "Changes how many workers an application has.") { words, json, noWait };
        command.SetAction((result, cancellation) => Output.RunAsync(result.GetValue(json), () =>
        {
            var given = result.GetRequiredValue(words);
            return AskAsync("scale", given.Length == 2 ? given[0] : null, Parse(given[^1])!, result.GetValue(json), !result.GetValue(noWait), cancellation);
        }));
        return command;
    }

    private static ControlRequest? Parse(string text)
    {
        if (text.Length > 1 && text[0] is '+' or '-' && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var difference) && difference is not 0 and >= -1024 and <= 1024)
        {
            return new ControlRequest("scale") { Workers = difference, IsDifference = true };
        }

        try
        {
            return new ControlRequest("scale") { Workers = Words.Workers(text) };
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static Option<bool> NoWait() => new("--no-wait") { Description = "Returns when it has begun." };

    private static Command Create(string name, string description, IEnumerable<Option> options, Func<ParseResult, ControlRequest> request)
    {
        var application = Arguments.Name();
        var json = Arguments.Json();
        var noWait = NoWait();
        var all = new Option<bool>("--all") { Description = $"All applications, one after the other{(name == "stop" ? ", the one that was started last first" : " in the order in which they were started; ends at the first that fails")}." };
        var command = new Command(name, description) { application, all, json, noWait };
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        command.SetAction((result, cancellation) => Output.RunAsync(result.GetValue(json), () =>
        {
            Task<int> Ask(string? one) => AskAsync(name, one, request(result), result.GetValue(json), !result.GetValue(noWait), cancellation);
            return !result.GetValue(all) ? Ask(result.GetValue(application))
                : result.GetValue(application) is { } one ? throw new CommandException(ExitCodes.Usage, $"--all and {one} are given. Leave one out.")
                : AskAllAsync(isStop: name == "stop", result.GetValue(json), Ask, cancellation);
        }));
        return command;
    }

    /// <summary>Of several that depend on each other, those that others count on were started first.</summary>
    private static async Task<int> AskAllAsync(bool isStop, bool json, Func<string?, Task<int>> ask, CancellationToken cancellation)
    {
        var (applications, allAnswer) = await ListCommand.AskAsync(onlyOwn: true, cancellation);
        var order = applications.OrderBy(static application => application.Cluster.Since).Select(static application => application.Name).ToList();
        if (isStop)
        {
            order.Reverse();
        }

        var code = allAnswer ? ExitCodes.Success : ExitCodes.Failed;
        foreach (var name in order)
        {
            try
            {
                code = await ask(name) is not ExitCodes.Success and var failed ? failed : code;
            }
            catch (CommandException exception) when (isStop)
            {
                // One that has just ended is stopped. The others are to be stopped all the same.
                if (exception.ExitCode != ExitCodes.NotRunning)
                {
                    code = Output.Fail(json, exception, name);
                }
            }

            if (code != ExitCodes.Success && !isStop)
            {
                break;
            }
        }

        return code;
    }

    /// <summary>It has answered, and has its last few milliseconds: whoever starts it again next shall find the name free.</summary>
    private static async Task HasGoneAsync(RunningApplication application, CancellationToken cancellation)
    {
        for (var i = 0; i < 100 && ControlSocket.IsTaken(Path.GetDirectoryName(application.Socket)!, application.Name); i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellation);
        }
    }

    private static async Task<int> AskAsync(string operation, string? name, ControlRequest request, bool json, bool wait, CancellationToken cancellation)
    {
        var application = ControlClient.Resolve(name);
        using var begun = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        ControlReply reply;
        try
        {
            reply = await Output.WaitAsync($"{operation} {application.FullName}", tell => ControlClient.AskAsync(application, request, @event =>
            {
                tell(@event.Event!);
                if (!wait && @event.HasBegun == true)
                {
                    begun.Cancel();
                }
            }, null, begun.Token));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            reply = new ControlReply { ExitCode = ExitCodes.Success, Message = $"{operation} has begun" };
        }

        if (operation == "stop" && wait && reply.ExitCode == ExitCodes.Success)
        {
            await HasGoneAsync(application, cancellation);
        }

        if (json && reply.ExitCode == ExitCodes.Success)
        {
            Output.WriteJson(reply);
        }
        else if (json)
        {
            Output.TryWriteJson(reply);
        }
        else if (reply.ExitCode == ExitCodes.Success)
        {
            Output.Say(reply.Message!);
        }
        else
        {
            Output.Complain(reply.Message!);
            Output.Quote(reply.LastLines);
        }

        return reply.ExitCode!.Value;
    }
}
