using System.Globalization;
using Prefork.Tool.Control;

namespace Prefork.Tool;

/// <summary>
/// The lines of a log over all of its files, oldest first: each whole, and none left out, also while somebody writes on and begins new files.
/// </summary>
internal sealed class LogReader(string folder) : IDisposable
{
    private const string Stem = "log";
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private FileStream? _file;
    private int _number = -1;
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
            if (length >= 0)
            {
                return Take(length, and: 1);
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
            }
        }
        catch (IOException exception)
        {
            throw new IOException($"{path} cannot be read: {exception.Message}", exception);
        }
    }

    private byte[] Take(int length, int and)
    {
        var line = _buffer[_start..(_start + length)];
        _start += length + and;
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
