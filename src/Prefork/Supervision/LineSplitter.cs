using System.Buffers;
using System.Text;

namespace Prefork.Supervision;

/// <summary>Takes a line without its end. The bytes are the splitter's: they are read during the call, and not after.</summary>
internal delegate void TakeLine(ReadOnlySpan<byte> line);

/// <summary>Makes lines of bytes that come in pieces. A line is bounded: it is cut at the limit, with a mark, and the rest of it is left out.</summary>
/// <param name="maxLine">How many bytes of a line are kept.</param>
/// <param name="take">Gets each line.</param>
internal sealed class LineSplitter(int maxLine, TakeLine take)
{
    /// <summary>The memory of a longer line is given back after it.</summary>
    private const int KeptCapacity = 64 * 1024;

    private ArrayBufferWriter<byte> _line = new();
    private bool _isCut;

    internal static string Mark(int maxLine) => $"… [cut: the line is longer than {maxLine} bytes]";

    internal void Add(ReadOnlySpan<byte> bytes)
    {
        for (int end; (end = bytes.IndexOf((byte)'\n')) >= 0; bytes = bytes[(end + 1)..])
        {
            Append(bytes[..end]);
            End();
        }

        Append(bytes);
    }

    /// <summary>There is no more: what there is of a line is one.</summary>
    internal void Finish()
    {
        if (_line.WrittenCount > 0)
        {
            End();
        }
    }

    private void Append(ReadOnlySpan<byte> part)
    {
        if (_isCut)
        {
            return;
        }

        var room = maxLine - _line.WrittenCount;
        if (part.Length <= room)
        {
            _line.Write(part);
            return;
        }

        // Between two characters.
        _line.Write(part[..room]);
        var whole = _line.WrittenSpan[..^UnfinishedLength(_line.WrittenSpan)];
        Take([.. whole, .. Encoding.UTF8.GetBytes(Mark(maxLine))]);
        _isCut = true;
    }

    private void End()
    {
        if (_isCut)
        {
            _isCut = false;
            return;
        }

        Take(_line.WrittenSpan is [.. var line, (byte)'\r'] ? line : _line.WrittenSpan);
    }

    private void Take(ReadOnlySpan<byte> line)
    {
        take(line);
        if (_line.Capacity > KeptCapacity)
        {
            _line = new ArrayBufferWriter<byte>();
        }
        else
        {
            _line.ResetWrittenCount();
        }
    }

    /// <summary>How many bytes at the end are the beginning of a character.</summary>
    private static int UnfinishedLength(ReadOnlySpan<byte> text)
    {
        for (var length = 1; length <= Math.Min(3, text.Length); length++)
        {
            if (Rune.DecodeFromUtf8(text[^length..], out _, out _) == OperationStatus.NeedMoreData)
            {
                return length;
            }
        }

        return 0;
    }
}
