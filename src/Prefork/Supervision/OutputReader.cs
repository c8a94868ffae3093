using System.Text;

namespace Prefork.Supervision;

/// <summary>
/// Reads what a worker writes, line by line, and remembers the last lines. Owns this side of the pipes; a worker that has ended may have left the other
/// side to children of its own, so its end does not wait for theirs.
/// </summary>
internal sealed class OutputReader
{
    private const int BufferSize = 16 * 1024;

    private readonly RecentLines _last = new();
    private readonly Action<bool, string> _write;
    private readonly Action<Exception> _refused;
    private readonly int _maxLine;
    private readonly Task _read;
    private readonly Stream?[] _streams;
    private int _hasRefused;

    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="maxLine">How many characters of a line are kept.</param>
    /// <param name="write">Takes each line; the user's.</param>
    /// <param name="refused">Hears what that throws, the first time. A worker that nobody reads would stand still, so reading goes on.</param>
    internal OutputReader(Stream? output, Stream? error, int maxLine, Action<bool, string> write, Action<Exception> refused)
    {
        _maxLine = maxLine;
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

        var decoder = Encoding.UTF8.GetDecoder();
        var bytes = new byte[BufferSize];
        var characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        var lines = new LineSplitter(_maxLine, line => Take(isError, line));
        try
        {
            for (int count; (count = await stream.ReadAsync(bytes).ConfigureAwait(false)) > 0;)
            {
                var length = decoder.GetChars(bytes.AsSpan(0, count), characters, flush: false);
                lines.Add(characters.AsSpan(0, length));
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // We have let go.
        }

        lines.Finish();
    }

    private void Take(bool isError, string line)
    {
        _last.Add(line);
        try
        {
            _write(isError, line);
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
