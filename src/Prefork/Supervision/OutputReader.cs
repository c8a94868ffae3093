using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Prefork.Supervision;

/// <summary>
/// Reads what a worker writes, line by line, and remembers the last lines. Owns this side of the pipes; a worker that has ended may have left the other
/// side to children of its own, so its end does not wait for theirs.
/// </summary>
internal sealed class OutputReader
{
    internal const int MaxLine = 16 * 1024;

    private readonly RecentLines _last = new();
    private readonly Action<bool, string, byte[]?> _write;
    private readonly Action<Exception> _refused;
    private readonly Task _read;
    private readonly Stream?[] _streams;
    private int _hasRefused;

    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="write">Takes each line; the user's. With its bytes when they are no UTF-8, so that the text is not all of it.</param>
    /// <param name="refused">Hears what that throws, the first time. A worker that nobody reads would stand still, so reading goes on.</param>
    internal OutputReader(Stream? output, Stream? error, Action<bool, string, byte[]?> write, Action<Exception> refused)
    {
        _write = write;
        _refused = refused;
        _streams = [output, error];
        _read = Task.WhenAll(ReadAsync(output, isError: false), ReadAsync(error, isError: true));
    }

    internal IReadOnlyList<string> LastLines => _last.All;

    /// <summary>The worker has ended: reads what is left of it, no longer than <paramref name="patience"/>, and lets go of the pipes.</summary>
    internal async Task FinishAsync(TimeSpan patience, TimeProvider time)
    {
        try
        {
            await _read.WaitAsync(patience, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Somebody else holds them still.
        }

        foreach (var stream in _streams)
        {
            stream?.Dispose();
        }
    }

    private async Task ReadAsync(Stream? stream, bool isError)
    {
        if (stream is null)
        {
            return;
        }

        var bytes = new byte[4096];
        var line = new byte[MaxLine];
        var length = 0;
        try
        {
            for (int count; (count = await stream.ReadAsync(bytes).ConfigureAwait(false)) > 0;)
            {
                length = TakeLines(bytes.AsSpan(0, count), line, length, isError);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // We have let go.
        }

        if (length > 0)
        {
            Take(isError, line.AsSpan(0, length));
        }
    }

    /// <summary>Returns how much of <paramref name="line"/> waits for more.</summary>
    private int TakeLines(ReadOnlySpan<byte> read, byte[] line, int length, bool isError)
    {
        while (!read.IsEmpty)
        {
            var end = read.IndexOf((byte)'\n');
            var part = end < 0 ? read : read[..end];
            if (part.Length > MaxLine - length)
            {
                part = part[..(MaxLine - length)];
                part.CopyTo(line.AsSpan(length));
                read = read[part.Length..];

                // Between two characters.
                var whole = MaxLine - UnfinishedLength(line);
                Take(isError, line.AsSpan(0, whole));
                line.AsSpan(whole).CopyTo(line);
                length = MaxLine - whole;
                continue;
            }

            part.CopyTo(line.AsSpan(length));
            length += part.Length;
            if (end < 0)
            {
                break;
            }

            Take(isError, line.AsSpan(0, length > 0 && line[length - 1] == '\r' ? length - 1 : length));
            length = 0;
            read = read[(end + 1)..];
        }

        return length;
    }

    /// <summary>Bytes at the end that are the beginning of a character.</summary>
    private static int UnfinishedLength(ReadOnlySpan<byte> text)
    {
        for (var length = 1; length <= 3; length++)
        {
            if (Rune.DecodeFromUtf8(text[^length..], out _, out _) == OperationStatus.NeedMoreData)
            {
                return length;
            }
        }

        return 0;
    }

    private void Take(bool isError, ReadOnlySpan<byte> bytes)
    {
        var line = Encoding.UTF8.GetString(bytes);
        _last.Add(line);
        try
        {
            _write(isError, line, Utf8.IsValid(bytes) ? null : bytes.ToArray());
        }
        catch (Exception exception)
        {
            if (Interlocked.Exchange(ref _hasRefused, 1) == 0)
            {
                _refused(exception);
            }
        }
    }
}
