using System.Text.Json;
using Prefork.Reporting;
using Prefork.Tool.Control;
using Prefork.Tool.Memory;
using Spectre.Console;

namespace Prefork.Tool;

/// <summary>What commands say: results to standard output, everything else to standard error; colours and motion only on a terminal.</summary>
internal static class Output
{
    private static readonly IAnsiConsole s_error = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    /// <summary>Runs a command; what it cannot do it says, also as JSON if that is wanted, and ends with a code of its own.</summary>
    internal static async Task<int> RunAsync(bool json, Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (CommandException exception)
        {
            return Fail(json, exception);
        }
        catch (Exception exception) when (exception is UnusableProgramException or ArgumentException)
        {
            return Fail(json, ExitCodes.Usage, exception.Message);
        }
        catch (OutputException exception) when (exception.NobodyReads)
        {
            // Whoever read what it writes has seen enough.
            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A full disk behind standard output, for one.
            return Fail(json && exception is not OutputException, ExitCodes.Failed, exception.Message);
        }
        catch (OperationCanceledException)
        {
            return Fail(json, ExitCodes.Failed, "does not wait any longer; what was begun goes on.");
        }
        catch (Exception exception)
        {
            // A defect, or a machine without memory, descriptors or threads. Whoever typed the command has no use for a stack.
            return Fail(json, ExitCodes.Failed, $"the command failed ({exception.GetType().Name}): {exception.Message}");
        }
    }

    internal static int Fail(bool json, int exitCode, string message) => Fail(json, new CommandException(exitCode, message));

    /// <param name="json">Whether it is wanted as JSON, too.</param>
    /// <param name="exception">What cannot be done.</param>
    /// <param name="subject">What the message is about, where that does not say.</param>
    internal static int Fail(bool json, CommandException exception, string? subject = null)
    {
        var message = subject is null ? exception.Message : $"{subject}: {exception.Message}";
        Complain(message);
        foreach (var line in exception.More)
        {
            Console.Error.WriteLine(PlainText.Line(line));
        }

        Quote(exception.LastLines);
        if (json)
        {
            TryWriteJson(new ControlReply { ExitCode = exception.ExitCode, Message = string.Join('\n', [message, .. exception.More]), LastLines = exception.LastLines });
        }

        return exception.ExitCode;
    }

    /// <summary>A line on standard error, in which others may have written.</summary>
    internal static void Complain(string message) => Console.Error.WriteLine(PlainText.Line($"prefork: {message}"));

    /// <summary>What a worker that failed wrote, below a complaint.</summary>
    internal static void Quote(IReadOnlyList<string>? lines)
    {
        foreach (var line in lines ?? [])
        {
            Console.Error.WriteLine($"  | {PlainText.Output(line, keepColors: false)}");
        }
    }

    /// <summary>Of the screen. What goes to a file or another program is as wide as it is.</summary>
    internal static int Width => Console.IsOutputRedirected ? int.MaxValue / 2 : StandardStream.Output.Size.Width;

    /// <summary>On a terminal that has them, unless NO_COLOR says otherwise.</summary>
    internal static bool HasColors => !Console.IsOutputRedirected && AnsiConsole.Profile is { Capabilities.Ansi: true, Capabilities.ColorSystem: not ColorSystem.NoColors };

    /// <summary>Lines of a screen, which are plain already but for our own colours; all at once, so that they end where nobody reads.</summary>
    internal static void Write(IEnumerable<string> lines) => Console.Out.Write(string.Concat(lines.Select(static line => $"{line}\n")));

    /// <summary>A line, in which others may have written.</summary>
    internal static void Say(string line) => Console.WriteLine(PlainText.Output(line, keepColors: false));

    /// <summary>Shows that something goes on, and what: a line that changes on a terminal, lines otherwise.</summary>
    internal static Task<ControlReply> WaitAsync(string what, Func<Action<string>, Task<ControlReply>> operation)
        => Console.IsErrorRedirected
            ? operation(static @event => Complain(@event))
            : s_error.Status().StartAsync(Markup.Escape(what), context => operation(@event =>
            {
                s_error.MarkupLineInterpolated($"[grey]{PlainText.Line(@event)}[/]");
                context.Status(Markup.Escape(what));
            }));

    internal static void WriteJson(IReadOnlyList<ApplicationStatus> applications)
        => Console.WriteLine(JsonSerializer.Serialize(applications, ControlJson.Default.IReadOnlyListApplicationStatus));

    /// <summary>Those that run, and those that have ended, in one array.</summary>
    internal static void WriteJson(IReadOnlyList<ApplicationStatus> applications, IReadOnlyList<StoppedApplication> ended)
        => Console.WriteLine($"[{string.Join(',', applications.Select(static one => JsonSerializer.Serialize(one, ControlJson.Default.ApplicationStatus)).Concat(ended.Select(static one => JsonSerializer.Serialize(one, ControlJson.Default.StoppedApplication))))}]");

    internal static void WriteJson(LogLine line) => Console.WriteLine(JsonSerializer.Serialize(line, ControlJson.Default.LogLine));

    internal static void WriteJson(Tick tick) => Console.WriteLine(JsonSerializer.Serialize(tick, ControlJson.Default.Tick));

    /// <summary>The exit code says how it was also where nobody reads it.</summary>
    internal static void TryWriteJson(ControlReply reply)
    {
        try
        {
            WriteJson(reply);
        }
        catch (OutputException)
        {
            // Said on standard error already.
        }
    }

    internal static void WriteJson(ControlReply reply) => Console.WriteLine(JsonSerializer.Serialize(reply, ControlJson.Default.ControlReply));
}
