using System.Text;
using System.Text.Unicode;

namespace Prefork.Supervision;

/// <summary>
/// Reads what a worker writes, line by line, and remembers the last lines. Owns this side of the pipes; a worker that has ended may have left the other
/// side to children of its own, so its end does not wait for theirs.
/// </summary>
internal sealed class OutputReader
{
    private const int BufferSize = 16 * 1024;

    private readonly RecentLines _last = new();
    private readonly Action<bool, string, byte[]?> _write;
    private readonly Action<Exception> _refused;
    private readonly Func<bool, ValueTask>? _room;
    private readonly int _maxLine;
    private readonly Task _read;
    private readonly Stream?[] _streams;
    private int _hasRefused;

    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="maxLine">How many bytes of a line are kept.</param>
    /// <param name="write">Takes each line; the user's. With its bytes when they are no UTF-8, so that the text is not all of it.</param>
    /// <param name="refused">Hears what that throws, the first time. A worker that nobody reads would stand still, so reading goes on.</param>
    /// <param name="room">Awaited before more of standard error (true) or output (false) is read; null for never.</param>
    internal OutputReader(Stream? output, Stream? error, int maxLine, Action<bool, string, byte[]?> write, Action<Exception> refused, Func<bool, ValueTask>? room = null)
    {
        _maxLine = maxLine;
        _write = write;
        _refused = refused;
        _room = room;
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

        var bytes = new byte[BufferSize];
        var lines = new LineSplitter(_maxLine, line => Take(isError, line));
        try
        {
            for (int count; (count = await stream.ReadAsync(bytes).ConfigureAwait(false)) > 0;)
            {
                lines.Add(bytes.AsSpan(0, count));
                if (_room is { } room)
                {
                    await room(isError).ConfigureAwait(false);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // We have let go.
        }

        lines.Finish();
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
