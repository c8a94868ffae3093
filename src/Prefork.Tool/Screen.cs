using System.Text.Json;
using System.Threading.Channels;
using Prefork.Tool.Control;

namespace Prefork.Tool;

/// <summary>
/// What an application in the foreground writes: what it says itself and its workers' errors to standard error, what else they say to standard output; or all
/// of it as JSON to standard output. What cannot be written (a full disk, a terminal that has gone) is lost, and nobody is stopped by it.
/// Where nobody reads (a terminal that is held) workers wait, as they would by themselves; what the application says itself waits here, so that it does not.
/// </summary>
internal sealed class Screen : IAsyncDisposable
{
    private const int MostWaiting = 1000;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly Channel<LogLine> _own = Channel.CreateBounded<LogLine>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly bool _json;

    /// <summary>Where both streams are one file (2>&amp;1, a terminal) a long line of one is in several writes, and the other's must not come between them.</summary>
    private readonly Lock _outputLock = new();
    private readonly Lock _errorLock;
    private readonly Task _writing;
    private int _hasSaid;

    internal Screen(bool json)
    {
        _json = json;
        _errorLock = Control.Native.IsSameFile(1, 2) ? _outputLock : new Lock();
        _writing = Task.Run(WriteOwnAsync);
    }

    internal void Write(LogLine line)
    {
        if (line.Slot is null)
        {
            _own.Writer.TryWrite(line);
        }
        else
        {
            WriteNow(line);
        }
    }

    /// <summary>What waits is written, if that is possible soon.</summary>
    public async ValueTask DisposeAsync()
    {
        _own.Writer.TryComplete();
        try
        {
            await _writing.WaitAsync(s_patience);
        }
        catch (TimeoutException)
        {
            // Nobody reads.
        }
    }

    private async Task WriteOwnAsync()
    {
        await foreach (var line in _own.Reader.ReadAllAsync())
        {
            WriteNow(line);
        }
    }

    private void WriteNow(LogLine line)
    {
        if (_json)
        {
            WriteOutput(JsonSerializer.Serialize(line, ControlJson.Default.LogLine));
        }
        else if (line.Slot is null)
        {
            TryWriteError($"prefork: {line.Line}");
        }
        else if (line.IsError == true)
        {
            TryWriteError(line.Line);
        }
        else
        {
            WriteOutput(line.Line);
        }
    }

    private void WriteOutput(string line)
    {
        if (TryWrite(Console.Out, _outputLock, line) is { } why && Interlocked.Exchange(ref _hasSaid, 1) == 0)
        {
            // Once, and where it may be seen.
            TryWriteError($"prefork: lines are lost: standard output cannot be written: {why}");
        }
    }

    private void TryWriteError(string line) => _ = TryWrite(Console.Error, _errorLock, line);

    /// <summary>Why it could not; null when it could.</summary>
    private static string? TryWrite(TextWriter writer, Lock turn, string line)
    {
        try
        {
            lock (turn)
            {
                writer.WriteLine(line);
            }

            return null;
        }
        catch (IOException exception)
        {
            return exception.Message;
        }
    }
}
