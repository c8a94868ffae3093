using System.Globalization;
using System.Text;

namespace Prefork.Reporting;

/// <summary>
/// Text that a worker, a program or a peer wrote, made fit for one line of a log or a terminal. Characters that move the cursor, end the line, reorder letters or
/// cannot be seen are spelled out (<c>\r</c>, <c>\x1b</c>, <c>\u202e</c>), and text that is too long is cut. JSON needs none of it: its writer escapes by itself.
/// </summary>
internal static class PlainText
{
    /// <summary>Characters of one line that is not a worker's own output, which has a bound already.</summary>
    internal const int Longest = 4096;

    private const char Escape = '\x1b';
    private const string Reset = "\x1b[0m";
    private const int LongestColor = 32;

    /// <summary>One line, with nothing in it that a terminal acts on.</summary>
    internal static string Line(string text, int longest = Longest) => Write(text, longest, isOutput: false, keepColors: false);

    /// <summary>A line of a worker's own output: its length is its reader's affair, and it may be indented by tabs.</summary>
    /// <param name="text">The line.</param>
    /// <param name="keepColors">Leaves SGR sequences in (colours, bold), and switches them off at the end of the line; no other escape sequence.</param>
    internal static string Output(string text, bool keepColors) => Write(text, int.MaxValue, isOutput: true, keepColors);

    private static string Write(string text, int longest, bool isOutput, bool keepColors)
    {
        if (text.Length <= longest && text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0)
        {
            return text;
        }

        var line = new StringBuilder(Math.Min(text.Length, longest) + 64);
        var hasColor = false;
        for (var i = 0; i < text.Length;)
        {
            if (line.Length >= longest)
            {
                line.Append(CultureInfo.InvariantCulture, $"… ({text.Length - i} characters more)");
                break;
            }

            if (keepColors && ColorLength(text.AsSpan(i)) is var length and > 0)
            {
                line.Append(text, i, length);
                hasColor = text.AsSpan(i, length) is not ("\x1b[m" or Reset);
                i += length;
            }
            else if (Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var taken) != System.Buffers.OperationStatus.Done)
            {
                // Half a surrogate pair.
                Spell(line, text[i]);
                i += taken;
            }
            else
            {
                if ((isOutput && rune.Value == '\t') || IsPlain(rune))
                {
                    line.Append(text, i, taken);
                }
                else
                {
                    Spell(line, rune.Value);
                }

                i += taken;
            }
        }

        return line.Append(hasColor ? Reset : "").ToString();
    }

    /// <summary>Of an SGR sequence (ECMA-48, 8.3.117) that the text begins with; 0 when it begins with none.</summary>
    private static int ColorLength(ReadOnlySpan<char> text)
    {
        if (text is not [Escape, '[', ..])
        {
            return 0;
        }

        var end = text[2..].IndexOfAnyExcept("0123456789;:");
        return end is >= 0 and <= LongestColor && text[2 + end] == 'm' ? end + 3 : 0;
    }

    private static bool IsPlain(Rune rune) => rune.Value is >= ' ' and <= '~' || (!IsIgnorable(rune.Value) && Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned));

    /// <summary>Letters and marks that are not seen by Unicode's own rule (Default_Ignorable_Code_Point), but for the selectors that emoji end with.</summary>
    private static bool IsIgnorable(int value) => value
        is 0x034f or 0x115f or 0x1160 or 0x17b4 or 0x17b5 or (>= 0x180b and <= 0x180f) or 0x3164 or 0xffa0 or (>= 0xe0000 and <= 0xe0fff);

    private static void Spell(StringBuilder line, int value)
    {
        switch (value)
        {
            case '\n':
                line.Append(@"\n");
                break;
            case '\r':
                line.Append(@"\r");
                break;
            case '\t':
                line.Append(@"\t");
                break;
            case <= 0xff:
                line.Append(CultureInfo.InvariantCulture, $@"\x{value:x2}");
                break;
            case <= 0xffff:
                line.Append(CultureInfo.InvariantCulture, $@"\u{value:x4}");
                break;
            default:
                line.Append(CultureInfo.InvariantCulture, $@"\U{value:x8}");
                break;
        }
    }
}
