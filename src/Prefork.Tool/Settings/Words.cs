using System.Globalization;
using Cronos;
using Prefork.Tool.Control;

namespace Prefork.Tool.Settings;

/// <summary>How the words of options and of the configuration file are read. What is wrong with one is said in a <see cref="FormatException"/>, with what to write instead.</summary>
internal static class Words
{
    private const string CommandPrefix = "command:";

    internal static int Workers(string text) => text switch
    {
        "max" => Environment.ProcessorCount,
        "max-1" => Math.Max(Environment.ProcessorCount - 1, 1),
        _ => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 1024 ? count
            : throw new FormatException($"'{text}' is no number of workers: give 1 to 1024, 'max', or 'max-1'."),
    };

    internal static string Name(string text) => ControlSocket.IsName(text) ? text : throw new FormatException(ControlSocket.NoName(text));

    internal static string Path(string text, string folder) => text.Length > 0 ? FullPath(text, folder) : throw new FormatException("is empty: give a path, or leave it out.");

    internal static string Command(string text) => string.IsNullOrWhiteSpace(text) ? throw new FormatException("is empty: give a command, or leave it out.") : text;

    internal static SchedulingPolicy Scheduling(string text) => text switch
    {
        "rr" => SchedulingPolicy.RoundRobin,
        "shared" => SchedulingPolicy.Shared,
        "least" => SchedulingPolicy.LeastConnections,
        _ => throw new FormatException($"'{text}' is no scheduling policy: give 'rr', 'shared' or 'least'."),
    };

    internal static WorkerReadiness Readiness(string text) => text switch
    {
        "listening" => WorkerReadiness.Listening,
        "online" => WorkerReadiness.Online,
        "message" => WorkerReadiness.Ready,
        _ => throw new FormatException($"'{text}' is not when a worker is ready: give 'listening', 'online' or 'message'."),
    };

    internal static MemoryMeasure Measure(string text) => text switch
    {
        "rss" => MemoryMeasure.Resident,
        "pss" => MemoryMeasure.Proportional,
        _ => throw new FormatException($"'{text}' is no measure of memory: give 'rss' or 'pss'."),
    };

    internal static HealthGate Health(string text, string folder)
    {
        try
        {
            return text switch
            {
                "tcp" => HealthGate.Tcp(),
                _ when text.StartsWith(CommandPrefix, StringComparison.Ordinal) => HealthGate.Command(Program(text[CommandPrefix.Length..], folder), []),
                _ => HealthGate.Http(text),
            };
        }
        catch (ArgumentException)
        {
            throw new FormatException($"'{text}' is no health gate: give a path (/health), an http or https address, 'tcp', or 'command:PROGRAM'.");
        }
    }

    /// <summary>At most what the supervisor's options take, which is as long as timers go.</summary>
    internal static TimeSpan Timeout(string text, bool orZero) => Time(text, orZero, TimeSpan.FromDays(24));

    internal static TimeSpan Time(string text, bool orZero, TimeSpan longest)
        => Arguments.ParseTime(text) is { } time && time <= longest && (orZero || time > TimeSpan.Zero) ? time
            : throw new FormatException($"'{text}' is no time {(orZero ? "" : "above zero and ")}up to {longest.TotalDays:0} days: give a number of seconds, or one with a unit (500ms, 30s, 5m, 2h, 1d).");

    internal static long Memory(string text)
        => Arguments.ParseMemory(text) ?? throw new FormatException($"'{text}' is no amount of memory: give bytes, or a number with K, M or G.");

    internal static int LineLength(string text)
        => Arguments.ParseMemory(text) is >= 1024 and <= 64 * 1024 * 1024 and var length ? (int)length : throw new FormatException($"'{text}' is no length of a line: give a number of bytes from 1K to 64M.");

    internal static long Count(string text)
        => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= 1 ? count : throw new FormatException($"'{text}' is no number of requests: give 1 or more.");

    internal static int ExitCode(string text)
        => int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code <= 255 ? code : throw new FormatException($"'{text}' is no exit code: give a number from 0 to 255.");

    /// <summary>Five fields, or six with seconds first, or a macro such as <c>@daily</c>.</summary>
    internal static CronExpression Cron(string text)
    {
        CronExpression expression;
        try
        {
            expression = CronExpression.Parse(text, text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard);
        }
        catch (CronFormatException exception)
        {
            throw new FormatException($"'{text}' is no cron expression: {exception.Message.TrimEnd('.')}. Give minute, hour, day, month and day of the week, such as '0 4 * * *'.");
        }

        return expression.GetNextOccurrence(DateTimeOffset.Now, TimeZoneInfo.Local) is null
            ? throw new FormatException($"'{text}' never comes: there is no such day.")
            : expression;
    }

    /// <summary>One with a slash is a file; one without is looked for in PATH.</summary>
    private static string Program(string text, string folder) => text.Contains('/') ? FullPath(text, folder) : text;

    private static string FullPath(string text, string folder)
        => System.IO.Path.IsPathRooted(text) ? System.IO.Path.GetFullPath(text)
            : folder.Length > 0 ? System.IO.Path.GetFullPath(text, folder)
            : throw new FormatException($"'{text}' is relative to the current folder, which is not there any more: give a full path, or change to another folder (cd).");
}
