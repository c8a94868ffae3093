using System.Globalization;
using Prefork.Reporting;
using Prefork.Tool.Control;

namespace Prefork.Tool;

/// <summary>
/// The lines of a log over all of its files, oldest first: each whole, and none left out, also while somebody writes on and begins new files.
/// </summary>
/// <param name="folder">Where the files are.</param>
/// <param name="owner">Whose they must be; null for anybody's. In a folder of another user's there may be any file.</param>
/// <param name="longest">How many bytes of a line are read; the rest of a longer one is left out, with a mark.</param>
internal sealed class LogReader(string folder, uint? owner = null, int longest = LogReader.LongestLine) : IDisposable
{
    /// <summary>More than a worker's line may be (--max-line).</summary>
    internal const int LongestLine = 65 * 1024 * 1024;

    private const string Stem = "log";
    private static readonly byte[] s_mark = [.. "… [cut: the line is too long to be shown]"u8];
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private FileStream? _file;
    private int _number = -1;
    private bool _isCut;
    private readonly Dictionary<int, FileIdentity> _read = [];

    /// <summary>The files, the newest last.</summary>
    internal static IReadOnlyList<string> Files(string folder) => [.. Numbered(folder).Select(static file => file.Path)];

    /// <summary>Whether there is any file; also false when the folder has gone.</summary>
    internal static bool Exist(string folder) => Numbered(folder).Any();

    /// <summary>The next line, as it was written; null when there is none yet.</summary>
    internal byte[]? Read()
    {
        while (true)
        {
            var length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (length >= 0 && Take(length, and: 1) is { } line)
            {
                return line;
            }

            if (length >= 0)
            {
                continue;
            }

            if (_isCut)
            {
                _start = _end;
            }
            else if (_end - _start >= longest)
            {
                byte[] cut = [.. _buffer.AsSpan(_start, longest), .. s_mark];
                _start = _end;
                _isCut = true;
                return cut;
            }

            if (Fill())
            {
                continue;
            }

            var files = Numbered(folder).ToList();
            var next = files.FirstOrDefault(file => file.Number > _number);
            if (next.Path is null)
            {
                // The log may have been moved or removed, and begun anew.
                next = files.LastOrDefault();
                if (next.Path is null || Control.Native.IdentityOf(next.Path) is not { } identity || (_read.TryGetValue(next.Number, out var known) && known == identity))
                {
                    return null;
                }
            }

            // A file is left before the next one is begun: what was written in between is there now.
            if (Fill())
            {
                continue;
            }

            var rest = Rest();
            Open(next.Path, next.Number);
            if (rest is not null)
            {
                return rest;
            }
        }
    }

    /// <summary>What a writer that has gone left of a line; null for nothing.</summary>
    internal byte[]? Rest() => _end > _start ? Take(_end - _start, and: 0) : null;

    public void Dispose() => _file?.Dispose();

    /// <summary>log.txt is the first, then log_001.txt and so on.</summary>
    private static IEnumerable<(int Number, string Path)> Numbered(string folder)
        => (Directory.Exists(folder) ? Directory.GetFiles(folder, $"{Stem}*.txt") : []).Select(static path => (Number: NumberOf(Path.GetFileNameWithoutExtension(path)), Path: path)).Where(static file => file.Number >= 0).OrderBy(static file => file.Number);

    private static int NumberOf(string name)
        => name == Stem ? 0 : int.TryParse(name[Stem.Length..].TrimStart('_'), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;

    private void Open(string path, int number)
    {
        _file?.Dispose();
        _file = null;
        _number = number;
        try
        {
            // There is none when it was the oldest of them, and has just been deleted.
            if (Control.Native.Open(path, create: false) is { } file)
            {
                _file = new FileStream(file, FileAccess.Read, bufferSize: 0);
                _read[number] = Control.Native.IdentityOf(file);
                if (owner is { } only && Control.Native.OwnerOf(file) is var theirs && theirs != only)
                {
                    throw new IOException($"it is not user {only}'s, but user {theirs}'s");
                }
            }
        }
        catch (IOException exception)
        {
            throw new IOException($"{PlainText.Line(path)} cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Null for the rest of a line that was cut.</summary>
    private byte[]? Take(int length, int and)
    {
        var line = _isCut ? null : _buffer[_start..(_start + length)];
        _start += length + and;
        _isCut = false;
        return line;
    }

    /// <summary>Whether there was more.</summary>
    private bool Fill()
    {
        if (_file is null)
        {
            return false;
        }

        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, 2 * _end);
        }

        var count = _file.Read(_buffer, _end, _buffer.Length - _end);
        _end += count;
        return count > 0;
    }
}
