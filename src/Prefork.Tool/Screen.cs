using System.Text;
using System.Text.Json;
using Prefork.Reporting;
using Prefork.Tool.Control;

namespace Prefork.Tool;

/// <summary>
/// What an application in the foreground writes: what it says itself and its workers' errors to standard error, what else they say to standard output; or all
/// of it as JSON to standard output. What cannot be written (a full disk, a terminal that has gone) is lost, and nobody is stopped by it.
/// Where nobody reads (a terminal that is held) workers wait, as they would by themselves, and nothing else does.
/// </summary>
internal sealed class Screen : IAsyncDisposable
{
    private readonly bool _json;
    private readonly LineQueue _output;

    /// <summary>The same with JSON, and where both streams are one file (2>&amp;1, a terminal): a long line of one is in several writes, and the other's must not come between them.</summary>
    private readonly LineQueue _error;

    private int _hasSaid;

    internal Screen(bool json)
    {
        _json = json;
        _output = new LineQueue("prefork output", WriteNow, workersWait: true, TimeProvider.System);
        _error = json || Control.Native.IsSameFile(1, 2) ? _output : new LineQueue("prefork error", WriteNow, workersWait: true, TimeProvider.System);
    }

    internal void Write(LogLine line) => QueueOf(line.Slot is null || line.IsError == true).Add(line);

    /// <inheritdoc cref="LineQueue.RoomAsync"/>
    internal ValueTask RoomAsync(bool isError) => QueueOf(isError).RoomAsync();

    /// <summary>What waits is written, unless that is held.</summary>
    public async ValueTask DisposeAsync()
    {
        await _output.DisposeAsync();
        if (_error != _output)
        {
            await _error.DisposeAsync();
        }
    }

    private LineQueue QueueOf(bool isError) => isError ? _error : _output;

    private void WriteNow(LogLine line)
    {
        if (_json)
        {
            WriteOutput(JsonSerializer.SerializeToUtf8Bytes(line, ControlJson.Default.LogLine));
        }
        else if (line.Slot is null)
        {
            WriteError($"prefork: {line.Line}");
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
                WriteError($"prefork: lines are lost: standard output cannot be written: {exception.Why}");
            }
        }
    }

    private static void WriteError(string line) => WriteLine(StandardStream.Error, Encoding.UTF8.GetBytes(line));

    private static void WriteLine(StandardStream stream, byte[] line) => stream.Write([.. line, (byte)'\n']);
}
