using System.Globalization;

namespace Prefork.Tool;

/// <summary>A line that an application said, or one of its workers; with <c>--json</c> just so.</summary>
/// <param name="Time">When; null when the log does not say.</param>
/// <param name="Source"><c>prefork</c>, or <c>worker</c>.</param>
/// <param name="Slot">The worker's.</param>
/// <param name="Worker">Its id.</param>
/// <param name="IsError">Whether the worker wrote it to standard error.</param>
/// <param name="Line">The line.</param>
internal sealed record LogLine(DateTimeOffset? Time, string Source, int? Slot, int? Worker, bool? IsError, string Line)
{
    internal const string Own = "prefork";
    private const string ErrorMark = ":err";

    internal static LogLine Of(string line) => new(DateTimeOffset.Now, Own, null, null, null, line);

    internal static LogLine Of(WorkerOutput line) => new(DateTimeOffset.Now, "worker", line.Slot, line.Worker.Id, line.IsError, line.Line);

    /// <summary>How the log names who said it: <c>prefork</c>, <c>SLOT/ID</c>, or <c>SLOT/ID:err</c>.</summary>
    internal string Mark => Slot is null ? Own : string.Create(CultureInfo.InvariantCulture, $"{Slot}/{Worker}{(IsError == true ? ErrorMark : "")}");

    /// <summary>Of the log: time, mark, line. What is not of that form goes on with the line before.</summary>
    internal static LogLine Parse(string text)
    {
        var words = text.Split(' ', 3);
        if (words.Length < 3 || !DateTimeOffset.TryParse(words[0], CultureInfo.InvariantCulture, out var time))
        {
            return new LogLine(null, Own, null, null, null, text);
        }

        var isError = words[1].EndsWith(ErrorMark, StringComparison.Ordinal);
        var mark = (isError ? words[1][..^ErrorMark.Length] : words[1]).Split('/');
        return mark.Length == 2 && int.TryParse(mark[0], CultureInfo.InvariantCulture, out var slot) && int.TryParse(mark[1], CultureInfo.InvariantCulture, out var worker)
            ? new LogLine(time, "worker", slot, worker, isError, words[2])
            : new LogLine(time, Own, null, null, null, words[2]);
    }
}
