using System.Text.Json;
using Prefork.Tool.Control;

namespace Prefork.Tool;

/// <summary>
/// What an application in the foreground writes: what it says itself and its workers' errors to standard error, what else they say to standard output; or all
/// of it as JSON to standard output. What cannot be written (a full disk, a terminal that has gone) is lost, and nobody is stopped by it.
/// </summary>
internal sealed class Screen(bool json)
{
    private int _hasSaid;

    internal void Write(LogLine line)
    {
        if (json)
        {
            WriteOutput(JsonSerializer.Serialize(line, ControlJson.Default.LogLine));
        }
        else if (line.Slot is null)
        {
            TryWrite(Console.Error, $"prefork: {line.Line}");
        }
        else if (line.IsError == true)
        {
            TryWrite(Console.Error, line.Line);
        }
        else
        {
            WriteOutput(line.Line);
        }
    }

    private void WriteOutput(string line)
    {
        if (TryWrite(Console.Out, line) is { } why && Interlocked.Exchange(ref _hasSaid, 1) == 0)
        {
            // Once, and where it may be seen.
            TryWrite(Console.Error, $"prefork: lines are lost: standard output cannot be written: {why}");
        }
    }

    /// <summary>Why it could not; null when it could.</summary>
    private static string? TryWrite(TextWriter writer, string line)
    {
        try
        {
            writer.WriteLine(line);
            return null;
        }
        catch (IOException exception)
        {
            return exception.Message;
        }
    }
}
