using System.Text.RegularExpressions;

namespace Prefork.Supervision;

/// <summary>Of the last lines that a worker wrote, the one that says why it ended.</summary>
/// <param name="Line">Its index.</param>
/// <param name="Text">What it says: the line, or the message of a JSON record. One line, without control characters.</param>
internal sealed partial record LastWords(int Line, string Text)
{
    private const int LongestText = 400;

    /// <summary>How far below the words that announce a crash its reason is looked for.</summary>
    private const int Near = 8;

    /// <summary>
    /// The line with the greatest <see cref="LineWeight"/>; of several the last. A runtime that ends a process says why in a form of its own, which goes before
    /// all that the program has logged. Null when there is nothing but information, warnings, and frames of stacks.
    /// </summary>
    internal static LastWords? Find(IReadOnlyList<string> written)
    {
        var lines = written.Select(static line => SaidLine.Of(line)).ToList();
        for (var i = lines.Count - 1; i >= 0; i--)
        {
            if (lines[i].Announces && ReasonOf(lines, i) is { } reason)
            {
                return At(lines, reason);
            }
        }

        var best = -1;
        for (var i = 0; i < lines.Count; i++)
        {
            if (Weigh(lines, i) is var weight && weight > LineWeight.None && (best < 0 || weight >= Weigh(lines, best)))
            {
                best = i;
            }
        }

        return best >= 0 ? At(lines, best)
            : Enumerable.Range(0, lines.Count).FirstOrDefault(i => lines[i].Weight == LineWeight.Detail && HeadOf(lines, i) is null, -1) is >= 0 and var detail ? At(lines, detail)
            : null;
    }

    /// <summary>The lines from the reason on, or all if none says why; at most so many.</summary>
    internal static IReadOnlyList<string> Tail(IReadOnlyList<string> written, int most)
        => Find(written) is { } words ? [.. written.Skip(words.Line).Take(most)] : [.. written.TakeLast(most)];

    private static LastWords At(List<SaidLine> lines, int index)
    {
        var text = lines[index].Text;
        return new LastWords(index, text.Length > LongestText ? text[..LongestText] + "…" : text);
    }

    private static LineWeight Weigh(List<SaidLine> lines, int index)
    {
        var line = lines[index];
        return line.Weight switch
        {
            LineWeight.Detail => IsOfAnError(lines, index),
            LineWeight.Plain or LineWeight.Complaint when index + 1 < lines.Count && lines[index + 1].IsFrame => LineWeight.AboveFrames,
            _ => line.Weight,
        };
    }

    /// <summary>
    /// .NET's console logger writes the level and the category, and the message indented below them. The first line of the message counts as much as its level
    /// says, and an exception below it, which says more, the same: the last of them is taken. Other loggers have the message in the line of the level, and only the
    /// exception indented.
    /// </summary>
    private static LineWeight IsOfAnError(List<SaidLine> lines, int index)
    {
        if (HeadOf(lines, index) is not { } head)
        {
            return LineWeight.None;
        }

        var isException = lines[index].IsException && !lines[index].IsInner;
        return lines[head].Heads is { } level ? (isException || head == index - 1 ? level : LineWeight.None)
            : isException ? lines[head].Weight
            : LineWeight.None;
    }

    /// <summary>The line with the level that an indented line goes with; null when it goes with none.</summary>
    private static int? HeadOf(List<SaidLine> lines, int index)
    {
        var head = index - 1;
        while (head >= 0 && lines[head].Heads is null && lines[head].Weight is LineWeight.Detail or LineWeight.None)
        {
            head--;
        }

        return head >= 0 && (lines[head].Heads is not null || (lines[head].Weight >= LineWeight.Error && !lines[head].IsException)) ? head : null;
    }

    /// <summary>What a crash that is announced at a line gives as its reason; null when that is not there.</summary>
    private static int? ReasonOf(List<SaidLine> lines, int announcement)
    {
        var below = Enumerable.Range(announcement + 1, lines.Count - announcement - 1).Where(i => !lines[i].IsFrame).Take(Near).ToList();
        if (lines[announcement].IsCaret)
        {
            if (!lines.Take(announcement).TakeLast(Near).Any(static line => line.IsPosition))
            {
                return null;
            }

            // Node shows the source, then what was thrown: an error, or any value. Its stack is below it.
            below.RemoveAll(i => Enumerable.Range(announcement, i - announcement).Any(above => lines[above].IsFrame));
            return below.FirstOrDefault(i => lines[i].IsException, -1) is >= 0 and var error ? error
                : below.FirstOrDefault(i => lines[i].Text.Length > 0, -1) is >= 0 and var value && !lines[value].Text.StartsWith("Node.js v", StringComparison.Ordinal) ? value
                : null;
        }

        if (TellsBelow().IsMatch(lines[announcement].Text))
        {
            return below.FirstOrDefault(i => lines[i].IsException, -1) is >= 0 and var exception ? exception
                : below.FirstOrDefault(i => lines[i].Text.Length > 0 && lines[i].Text != "Assertion Failed", announcement);
        }

        // The exception of a wrapper says nothing, the one within it does.
        return Wrapper().IsMatch(lines[announcement].Text) && below.FirstOrDefault(i => lines[i].IsInner, -1) is >= 0 and var inner ? inner : announcement;
    }

    /// <summary>Says that a process was ended, and not why.</summary>
    [GeneratedRegex(@"^(?:Process terminated\.|Fatal error\.)\s*$")]
    private static partial Regex TellsBelow();

    [GeneratedRegex(@"System\.(?:Reflection\.TargetInvocation|TypeInitialization)Exception: ")]
    private static partial Regex Wrapper();
}
