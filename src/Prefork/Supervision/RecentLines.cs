using System.Globalization;

namespace Prefork.Supervision;

/// <summary>The last lines that a worker wrote, bounded in number and length. Safe for several threads.</summary>
internal sealed class RecentLines
{
    private const int Most = 50;
    private const int MostCharacters = 500;

    /// <summary>Of the frames of one stack so many are kept: a deep stack would leave no room for the line above it, which says what happened.</summary>
    private const int MostFrames = 8;

    private readonly Queue<string> _lines = new();
    private readonly Lock _lock = new();
    private int _frames;

    internal IReadOnlyList<string> All
    {
        get
        {
            lock (_lock)
            {
                return LeftOut is { } note ? [.. _lines, note] : [.. _lines];
            }
        }
    }

    /// <summary>What stands for the frames that were not kept; null for none.</summary>
    private string? LeftOut => _frames > MostFrames ? string.Create(CultureInfo.InvariantCulture, $"   ... {_frames - MostFrames} more") : null;

    internal void Add(string line)
    {
        var isFrame = line.AsSpan().TrimStart().StartsWith("at ") && char.IsWhiteSpace(line[0]);
        lock (_lock)
        {
            if (isFrame)
            {
                if (++_frames <= MostFrames)
                {
                    Keep(line);
                }

                return;
            }

            if (LeftOut is { } note)
            {
                Keep(note);
            }

            _frames = 0;
            Keep(line);
        }
    }

    private void Keep(string line)
    {
        if (_lines.Count == Most)
        {
            _lines.Dequeue();
        }

        _lines.Enqueue(line.Length > MostCharacters ? line[..MostCharacters] + "…" : line);
    }
}
