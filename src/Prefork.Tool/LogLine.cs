using System.Globalization;
using System.Text.Json.Serialization;
using Prefork.Reporting;

namespace Prefork.Tool;

/// <summary>A line that an application said, or one of its workers; with <c>--json</c> just so.</summary>
/// <param name="Time">When; null when the log does not say.</param>
/// <param name="Source"><c>prefork</c>, <c>worker</c>, or <c>unknown</c> for what is in the log without saying who wrote it.</param>
/// <param name="Slot">The worker's.</param>
/// <param name="Worker">Its id.</param>
/// <param name="IsError">Whether the worker wrote it to standard error.</param>
/// <param name="Line">The line.</param>
internal sealed record LogLine(DateTimeOffset? Time, string Source, int? Slot, int? Worker, bool? IsError, string Line)
{
    internal const string Own = "prefork";
    private const string Unknown = "unknown";
    private const string ErrorMark = ":err";

    /// <summary>What a worker wrote, when that is no UTF-8; null when <see cref="Line"/> is all of it.</summary>
    [JsonIgnore]
    internal byte[]? Bytes { get; init; }

    /// <summary>One event is one line, whatever a worker has brought into it.</summary>
    internal static LogLine Of(string line) => new(DateTimeOffset.Now, Own, null, null, null, PlainText.Line(line));

    internal static LogLine Of(WorkerOutput line) => new(DateTimeOffset.Now, "worker", line.Slot, line.Worker.Id, line.IsError, line.Line) { Bytes = line.Bytes };

    /// <summary>How the log names who said it: <c>prefork</c>, <c>SLOT/ID</c>, or <c>SLOT/ID:err</c>.</summary>
    internal string Mark => Slot is null ? Own : string.Create(CultureInfo.InvariantCulture, $"{Slot}/{Worker}{(IsError == true ? ErrorMark : "")}");

    /// <summary>Of the log: time, mark, line. What is not of that form (the rest of a line that a full disk has cut) is nobody's.</summary>
    internal static LogLine Parse(string text)
    {
        var words = text.Split(' ', 3);
        if (words.Length < 3 || !DateTimeOffset.TryParse(words[0], CultureInfo.InvariantCulture, out var time))
        {
            return new LogLine(null, Unknown, null, null, null, text);
        }

        if (words[1] == Own)
        {
            return new LogLine(time, Own, null, null, null, words[2]);
        }

        var isError = words[1].EndsWith(ErrorMark, StringComparison.Ordinal);
        var mark = (isError ? words[1][..^ErrorMark.Length] : words[1]).Split('/');
        return mark.Length == 2 && int.TryParse(mark[0], NumberStyles.None, CultureInfo.InvariantCulture, out var slot) && int.TryParse(mark[1], NumberStyles.None, CultureInfo.InvariantCulture, out var worker)
            ? new LogLine(time, "worker", slot, worker, isError, words[2])
            : new LogLine(null, Unknown, null, null, null, text);
    }
}
