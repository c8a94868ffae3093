using System.Text;

namespace Prefork.Supervision;

/// <summary>Makes lines of text that comes in pieces. A line has an end in memory: it is cut there, with a mark, and what follows of it is left out.</summary>
/// <param name="maxLine">How many characters of a line are kept.</param>
/// <param name="take">Gets each line, without its end.</param>
internal sealed class LineSplitter(int maxLine, Action<string> take)
{
    private readonly StringBuilder _line = new();
    private bool _isCut;

    internal static string Mark(int maxLine) => $"… [cut: the line is longer than {maxLine} characters]";

    internal void Add(ReadOnlySpan<char> text)
    {
        for (int end; (end = text.IndexOf('\n')) >= 0; text = text[(end + 1)..])
        {
            Append(text[..end]);
            End();
        }

        Append(text);
    }

    /// <summary>There is no more: what there is of a line is one.</summary>
    internal void Finish()
    {
        if (_line.Length > 0)
        {
            End();
        }
    }

    private void Append(ReadOnlySpan<char> part)
    {
        if (_isCut)
        {
            return;
        }

        var room = maxLine - _line.Length;
        if (part.Length <= room)
        {
            _line.Append(part);
            return;
        }

        // Not between the halves of a character.
        _line.Append(part[..(room > 0 && char.IsHighSurrogate(part[room - 1]) ? room - 1 : room)]).Append(Mark(maxLine));
        End();
        _isCut = true;
    }

    private void End()
    {
        if (_isCut)
        {
            _isCut = false;
            return;
        }

        if (_line.Length > 0 && _line[^1] == '\r')
        {
            _line.Length--;
        }

        take(_line.ToString());
        _line.Clear();
    }
}
