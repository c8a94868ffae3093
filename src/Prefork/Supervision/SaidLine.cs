using System.Text;
using System.Text.RegularExpressions;

namespace Prefork.Supervision;

/// <summary>A line that a program wrote, and what it is by its form: .NET's and Node's own, and those of the usual loggers.</summary>
/// <param name="Text">The line without control characters; of a JSON record its message.</param>
/// <param name="Weight">By itself; the lines around it may give it another.</param>
internal sealed partial record SaidLine(string Text, LineWeight Weight)
{
    /// <summary>Where in a line a logger's level stands, if it has one.</summary>
    private const int LevelWithin = 120;

    /// <summary>A frame of a stack.</summary>
    internal bool IsFrame { get; private init; }

    /// <summary>Node's mark below the source line that threw.</summary>
    internal bool IsCaret { get; private init; }

    /// <summary>A file and a line, above the source line that threw.</summary>
    internal bool IsPosition { get; private init; }

    /// <summary>The runtime says that it ends the process.</summary>
    internal bool Announces { get; private init; }

    /// <summary>A type that is an error or exception, and its message.</summary>
    internal bool IsException { get; private init; }

    /// <summary>.NET's inner exception.</summary>
    internal bool IsInner { get; private init; }

    /// <summary>.NET's console logger: what the indented lines below it weigh.</summary>
    internal LineWeight? Heads { get; private init; }

    internal static SaidLine Of(string written)
    {
        var text = Plain(written);
        var trimmed = text.Trim();
        if (trimmed.StartsWith('{') && JsonRecord.Parse(trimmed) is { } record)
        {
            return new SaidLine(Plain(record.Message), record.Weight);
        }

        if (Caret().IsMatch(text))
        {
            return new SaidLine(trimmed, LineWeight.None) { IsCaret = true, Announces = true };
        }

        if (Position().IsMatch(text))
        {
            return new SaidLine(trimmed, LineWeight.None) { IsPosition = true };
        }

        if (Frame().IsMatch(text))
        {
            return new SaidLine(trimmed, LineWeight.None) { IsFrame = true };
        }

        if (ConsoleHead().Match(text) is { Success: true } head)
        {
            return new SaidLine(trimmed, LineWeight.None) { Heads = WeightOf(head.Groups[1].Value) };
        }

        var isException = Exception().IsMatch(trimmed);
        if (text.Length == 0 || Noise().IsMatch(text) || !trimmed.Any(char.IsLetter))
        {
            return new SaidLine(trimmed, LineWeight.None);
        }

        return char.IsWhiteSpace(text[0])
            ? new SaidLine(trimmed, LineWeight.Detail) { IsException = isException, IsInner = trimmed.StartsWith("---> ", StringComparison.Ordinal) }
            : new SaidLine(trimmed, isException ? LineWeight.Fatal : ByLevel(text)) { IsException = isException, Announces = Announcement().IsMatch(text) };
    }

    /// <summary>What a logger's word for a level weighs; plain when it is none.</summary>
    internal static LineWeight WeightOf(string level) => level.ToUpperInvariant() switch
    {
        "FATAL" or "FTL" or "CRITICAL" or "CRIT" or "PANIC" or "EMERG" or "EMERGENCY" or "ALERT" => LineWeight.Fatal,
        "ERROR" or "ERR" or "FAIL" or "EROR" => LineWeight.Error,
        "WARN" or "WARNING" or "WRN" or "NOTICE" or "INFO" or "INFORMATION" or "INF" or "LOG" or "DEBUG" or "DBUG" or "DBG" or "TRACE" or "TRCE" or "TRC" or "VERBOSE" or "VRB" => LineWeight.None,
        _ => LineWeight.Plain,
    };

    private static LineWeight ByLevel(string text)
    {
        if (Priority().Match(text) is { Success: true } priority)
        {
            return priority.Groups[1].ValueSpan[0] switch
            {
                <= '2' => LineWeight.Fatal,
                '3' => LineWeight.Error,
                _ => LineWeight.None,
            };
        }

        var level = Level().Match(text, 0, Math.Min(text.Length, LevelWithin));
        return level.Success ? WeightOf(level.Value.Trim('[', ']', '(', ')', ':', '!'))
            : Failure().IsMatch(text) ? LineWeight.Complaint
            : LineWeight.Plain;
    }

    /// <summary>Without what would colour it, move the cursor, or break the line that it is quoted in.</summary>
    private static string Plain(string written)
    {
        var text = written.Contains('\e') ? Escape().Replace(written, "") : written;
        if (!text.Any(char.IsControl))
        {
            return text.TrimEnd();
        }

        var plain = new StringBuilder(text.Length);
        foreach (var letter in text)
        {
            plain.Append(letter == '\t' ? ' ' : char.IsControl(letter) ? '\uFFFD' : letter);
        }

        return plain.ToString().TrimEnd('\uFFFD', ' ');
    }

    [GeneratedRegex(@"\e(?:\[[0-9;?]*[ -/]*[@-~]|[@-Z\\-_])")]
    private static partial Regex Escape();

    [GeneratedRegex(@"^\s*\^+\s*$")]
    private static partial Regex Caret();

    [GeneratedRegex(@"^(?:file://|node:|/|\[)\S.*:\d+$")]
    private static partial Regex Position();

    /// <summary>.NET's and JavaScript's, and those of native code.</summary>
    [GeneratedRegex(@"^\s+at \S|^\s+\.\.\. \d+ more$|^\s*\d+: (?:0x[0-9a-f]+|\S+:\d+|\S+ \(\S+:\d+:\d+\))|^\s*-+ (?:JavaScript stack|JS stack|End of )")]
    private static partial Regex Frame();

    [GeneratedRegex(@"^(?:\S+ )?(trce|dbug|info|warn|fail|crit): \S+\[-?\d+\]$")]
    private static partial Regex ConsoleHead();

    /// <summary>
    /// What goes with an error and is none: where it was emitted, required or thrown, Node's version and warnings, a program's usage.
    /// </summary>
    [GeneratedRegex(@"^(?:Emitted '|Require stack:|- |\(Use `|\(node:\d+\) |Node\.js v\d|--|[{}\]^]|(?:Usage|Description|Options|Commands|Arguments):)", RegexOptions.IgnoreCase)]
    private static partial Regex Noise();

    /// <summary><c>System.IO.IOException: </c>, <c>TypeError [CODE]: </c>, <c>Npgsql.NpgsqlException (0x80004005): </c>, also where Node puts it in brackets.</summary>
    [GeneratedRegex(@"^(?:---> )?(?:\(Inner Exception #\d+\) )?(?:Uncaught |Unhandled [Ee]xception\. |Exception in thread ""[^""]*"" )?\[?[\w$.+`/]*(?:Error|Exception|Rejection)(?: \[\w+\]| \(\w+\))?(?:: |\]?$)")]
    private static partial Regex Exception();

    [GeneratedRegex(@"^(?:Unhandled exception|Process terminated\.|Stack overflow|Out of memory\.|Fatal error\.|Failed to (?:parse|read|open) file \[|You must install (?:or update )?\.NET|A fatal error (?:occurred|was encountered))", RegexOptions.IgnoreCase)]
    private static partial Regex Announcement();

    /// <summary>A level in capitals, in brackets, or first in the line before a colon.</summary>
    [GeneratedRegex(@"(?<![\w.'/-])(?:FATAL|FTL|CRITICAL|CRIT|PANIC|EMERG|ALERT|ERROR|ERR|WARN|WARNING|WRN|NOTICE|INFO|INF|LOG|DEBUG|DBG|TRACE|TRC|VERBOSE|VRB)(?![\w.'/-])|\[(?:fatal|critical|crit|panic|error|warn|warning|info|debug|trace)\]|^(?i:fatal|critical|crit|panic|emerg|alert|error|fail|warn|warning|notice|info|debug|trace|verbose)(?= ?[:!])", RegexOptions.CultureInvariant)]
    private static partial Regex Level();

    /// <summary>What a program says of a failure in its own words, where it goes on to say that it ends.</summary>
    [GeneratedRegex(@"\b(?:cannot|can't|can not|could not|couldn't|unable to|failed|failure|errors?|invalid|denied|refused|not found|missing|unexpected|unsupported|unknown|required|must be)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Failure();

    /// <summary>syslog's, as journald takes it.</summary>
    [GeneratedRegex(@"^<([0-7])>")]
    private static partial Regex Priority();
}
