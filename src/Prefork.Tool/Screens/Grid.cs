using System.Text;
using Prefork.Reporting;

namespace Prefork.Tool.Screens;

/// <summary>A column of a <see cref="Grid"/>.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Rank">Where there is too little room, the column of the highest rank goes first; that of rank 0 stays.</param>
/// <param name="Least">What it may be shortened to, with …; null for a column that is whole or not there.</param>
/// <param name="IsNumber">Numbers end at the right.</param>
internal sealed record Column(string Title, int Rank, int? Least = null, bool IsNumber = false);

/// <summary>
/// A table for a screen of any width. Text is shortened first, then columns are left out, and the first one goes last. No line is wider than the screen, and no word is broken over two.
/// </summary>
internal sealed class Grid(params Column[] columns)
{
    private const string Gap = "  ";

    private readonly List<Cell[]> _rows = [];

    /// <param name="cells">One a column. What they say is made plain: it may be others' words.</param>
    internal void Add(params Cell[] cells) => _rows.Add([.. cells.Select(static cell => cell with { Text = PlainText.Line(cell.Text) })]);

    /// <summary>The title's line, then one a row.</summary>
    internal IEnumerable<string> Draw(int width, bool colors)
    {
        var natural = columns.Select((column, index) => _rows.Select(row => Columns.WidthOf(row[index].Text)).Append(column.Title.Length).Max()).ToArray();
        var shown = Fit(natural, width, out var widths);
        yield return Line(shown, widths, index => new Cell(columns[index].Title, Cell.Bold), colors);
        foreach (var row in _rows)
        {
            yield return Line(shown, widths, index => row[index], colors);
        }
    }

    private List<int> Fit(int[] natural, int width, out int[] widths)
    {
        var shown = Enumerable.Range(0, columns.Length).ToList();
        var least = columns.Select((column, index) => Math.Min(natural[index], Math.Max(column.Least ?? natural[index], column.Title.Length))).ToArray();
        while (shown.Count > 1 && Needed(least) > width)
        {
            shown.Remove(shown.MaxBy(index => columns[index].Rank));
        }

        // What is left goes to those that could be wider, the most important first.
        widths = least;
        var room = width - Needed(least);
        foreach (var index in shown.OrderBy(index => columns[index].Rank))
        {
            var more = Math.Clamp(natural[index] - widths[index], 0, Math.Max(room, 0));
            widths[index] += more;
            room -= more;
        }

        if (room < 0)
        {
            widths[shown[0]] = Math.Max(width, 1);
        }

        return shown;

        int Needed(int[] each) => shown.Sum(index => each[index]) + (Gap.Length * (shown.Count - 1));
    }

    private string Line(List<int> shown, int[] widths, Func<int, Cell> cellOf, bool colors)
    {
        var line = new StringBuilder();
        foreach (var index in shown)
        {
            var cell = cellOf(index);
            var text = Columns.Fit(cell.Text, widths[index]);
            var padding = new string(' ', widths[index] - Columns.WidthOf(text));
            var colored = colors && cell.Color is { } color ? $"\x1b[{color}m{text}\x1b[0m" : text;
            line.Append(line.Length > 0 ? Gap : "").Append(columns[index].IsNumber ? padding + colored : index == shown[^1] ? colored : colored + padding);
        }

        return line.ToString().TrimEnd(' ');
    }
}
