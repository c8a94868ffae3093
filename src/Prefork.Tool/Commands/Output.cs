using System.Text.Json;
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
            return await FailAsync(json, exception.ExitCode, exception.Message, exception.LastLines);
        }
        catch (Exception exception) when (exception is UnusableProgramException or ArgumentException)
        {
            return await FailAsync(json, ExitCodes.Usage, exception.Message);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A full disk behind standard output, for one.
            return await FailAsync(json: false, ExitCodes.Failed, exception.Message);
        }
        catch (OperationCanceledException)
        {
            return await FailAsync(json, ExitCodes.Failed, "does not wait any longer; what was begun goes on.");
        }
    }

    internal static async Task<int> FailAsync(bool json, int exitCode, string message, IReadOnlyList<string>? lastLines = null)
    {
        try
        {
            await Console.Error.WriteLineAsync($"prefork: {message}");
            await WriteLastLinesAsync(lastLines);
            if (json)
            {
                WriteJson(new ControlReply { ExitCode = exitCode, Message = message, LastLines = lastLines });
            }
        }
        catch (IOException)
        {
            // The code says it all the same.
        }

        return exitCode;
    }

    /// <summary>What a worker that failed wrote.</summary>
    internal static async Task WriteLastLinesAsync(IReadOnlyList<string>? lines)
    {
        foreach (var line in lines ?? [])
        {
            await Console.Error.WriteLineAsync($"  | {line}");
        }
    }

    /// <summary>A table that goes to a file or another program is as wide as it is.</summary>
    internal static void Write(Spectre.Console.Rendering.IRenderable what)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = 1000;
        }

        AnsiConsole.Write(what);
    }

    internal static void Say(string line) => Console.WriteLine(line);

    /// <summary>Shows that something goes on, and what: a line that changes on a terminal, lines otherwise.</summary>
    internal static Task<ControlReply> WaitAsync(string what, Func<Action<string>, Task<ControlReply>> operation)
        => Console.IsErrorRedirected
            ? operation(static @event => Console.Error.WriteLine($"prefork: {@event}"))
            : s_error.Status().StartAsync(Markup.Escape(what), context => operation(@event =>
            {
                s_error.MarkupLineInterpolated($"[grey]{@event}[/]");
                context.Status(Markup.Escape(what));
            }));

    internal static void WriteJson(IReadOnlyList<ApplicationStatus> applications)
        => Console.WriteLine(JsonSerializer.Serialize(applications, ControlJson.Default.IReadOnlyListApplicationStatus));

    /// <summary>Those that run, and those that have ended, in one array.</summary>
    internal static void WriteJson(IReadOnlyList<ApplicationStatus> applications, IReadOnlyList<StoppedApplication> ended)
        => Console.WriteLine($"[{string.Join(',', applications.Select(static one => JsonSerializer.Serialize(one, ControlJson.Default.ApplicationStatus)).Concat(ended.Select(static one => JsonSerializer.Serialize(one, ControlJson.Default.StoppedApplication))))}]");

    internal static void WriteJson(LogLine line) => Console.WriteLine(JsonSerializer.Serialize(line, ControlJson.Default.LogLine));

    internal static void WriteJson(Tick tick) => Console.WriteLine(JsonSerializer.Serialize(tick, ControlJson.Default.Tick));

    internal static void WriteJson(ControlReply reply) => Console.WriteLine(JsonSerializer.Serialize(reply, ControlJson.Default.ControlReply));

    /// <summary>Where there is too little room, names are broken, and nothing else.</summary>
    internal static Table Table(params string[] titles)
    {
        var table = new Table { Border = TableBorder.None, UseSafeBorder = true };
        foreach (var title in titles)
        {
            var column = new TableColumn(new Text(title, new Style(decoration: Decoration.Bold))).PadLeft(0).PadRight(2);
            column.NoWrap = title != "NAME";
            table.AddColumn(column);
        }

        return table;
    }

    internal static string Age(DateTimeOffset since)
    {
        var age = DateTimeOffset.UtcNow - since;
        return age.TotalDays >= 1 ? $"{(int)age.TotalDays}d {age.Hours}h" : age.TotalHours >= 1 ? $"{(int)age.TotalHours}h {age.Minutes}m" : age.TotalMinutes >= 1 ? $"{(int)age.TotalMinutes}m {age.Seconds}s" : $"{(int)age.TotalSeconds}s";
    }

    /// <summary>What is not known is no number.</summary>
    internal static string Known<T>(T? value, Func<T, string> write) where T : struct => value is { } known ? write(known) : "–";

    internal static string Count(long? number) => Known(number, static count => $"{count}");

    internal static string Megabytes(long? bytes) => Known(bytes, static count => $"{count >> 20} MiB");
}
