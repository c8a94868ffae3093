using System.Globalization;
using System.Text;

namespace Prefork.Tool.Screens;

/// <summary>How many columns of a terminal a text takes, and what fits into some.</summary>
internal static class Columns
{
    private const char Ellipsis = '…';

    internal static int WidthOf(string text) => text.EnumerateRunes().Sum(WidthOf);

    /// <summary>The text, shortened with … when it is wider.</summary>
    internal static string Fit(string text, int width)
    {
        if (WidthOf(text) <= width)
        {
            return text;
        }

        var fit = new StringBuilder();
        var left = width - 1;
        foreach (var rune in text.EnumerateRunes())
        {
            left -= WidthOf(rune);
            if (left < 0)
            {
                break;
            }

            fit.Append(rune);
        }

        return width > 0 ? fit.Append(Ellipsis).ToString() : "";
    }

    /// <summary>Lines of whole words; a word that is wider than a line is not broken: it may be a path to be copied.</summary>
    /// <param name="head">What the first line begins with.</param>
    /// <param name="text">The text.</param>
    /// <param name="width">Of the screen.</param>
    /// <param name="indent">Of further lines.</param>
    internal static IEnumerable<string> Wrap(string head, string text, int width, int indent)
    {
        if (WidthOf(head) + WidthOf(text) <= width)
        {
            yield return head + text;
            yield break;
        }

        // Spaces at the beginning stay; what divides words is one space.
        var line = new StringBuilder(head).Append(' ', text.Length - text.TrimStart(' ').Length);
        var isEmpty = true;
        foreach (var word in text.TrimStart(' ').Split(' '))
        {
            if (!isEmpty && WidthOf(line.ToString()) + 1 + WidthOf(word) > width)
            {
                yield return line.ToString().TrimEnd(' ');
                line.Clear().Append(' ', indent);
                isEmpty = true;
            }

            line.Append(isEmpty ? "" : " ").Append(word);
            isEmpty = false;
        }

        yield return line.ToString().TrimEnd(' ');
    }

    /// <summary>Two for East Asian letters and most emoji, none for marks on a letter before (Unicode's East_Asian_Width, in ranges).</summary>
    private static int WidthOf(Rune rune) => rune.Value switch
    {
        < 0x300 => 1,
        0xfe0f => 0,
        >= 0x1100 and <= 0x115f or >= 0x2e80 and <= 0x303e or >= 0x3041 and <= 0xa4cf or >= 0xac00 and <= 0xd7a3 or >= 0xf900 and <= 0xfaff or >= 0xfe30 and <= 0xfe6f
            or >= 0xff01 and <= 0xff60 or >= 0xffe0 and <= 0xffe6 or >= 0x1f300 and <= 0x1faff or >= 0x20000 and <= 0x3fffd => 2,
        _ => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark ? 0 : 1,
    };
}
