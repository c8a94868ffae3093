using System.Text;
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
            WriteOutput(JsonSerializer.SerializeToUtf8Bytes(line, ControlJson.Default.LogLine));
        }
        else if (line.Slot is null)
        {
            WriteLine(StandardStream.Error, Encoding.UTF8.GetBytes($"prefork: {line.Line}"));
        }
        else if (line.IsError == true)
        {
            WriteLine(StandardStream.Error, AsWritten(line, Console.IsErrorRedirected));
        }
        else
        {
            WriteOutput(AsWritten(line, Console.IsOutputRedirected));
        }
    }

    /// <summary>A file or another program gets the worker's bytes. A terminal gets text and its colours, and nothing else that it would act on.</summary>
    private static byte[] AsWritten(LogLine line, bool isRedirected)
        => isRedirected ? line.Bytes ?? Encoding.UTF8.GetBytes(line.Line) : Encoding.UTF8.GetBytes(PlainText.Output(line.Line, keepColors: true));

    private void WriteOutput(byte[] line)
    {
        try
        {
            WriteLine(StandardStream.Output, line);
        }
        catch (OutputException exception)
        {
            if (Interlocked.Exchange(ref _hasSaid, 1) == 0)
            {
                // Once, and where it may be seen.
                WriteLine(StandardStream.Error, Encoding.UTF8.GetBytes($"prefork: lines are lost: standard output cannot be written: {exception.Why}"));
            }
        }
    }

    private void WriteLine(StandardStream stream, byte[] line)
    {
        lock (stream == StandardStream.Error ? _errorLock : _outputLock)
        {
            stream.Write([.. line, (byte)'\n']);
        }
    }
}
