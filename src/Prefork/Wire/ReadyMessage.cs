using System.Text.Json;
using Prefork.Reporting;
using Prefork.Values;

namespace Prefork.Wire;

/// <summary>What a .NET worker says when it may be given traffic.</summary>
internal static class ReadyMessage
{
    internal const string Act = "ready";

    /// <summary>Said before the first listener: <see cref="Act"/> will come, and to listen is not to be ready.</summary>
    internal const string ExpectAct = "expectready";

    /// <summary>The most that a worker may say about what it waits for; the rest is cut off.</summary>
    internal const int MaxReason = 1000;

    /// <summary>Room for the mark of a text that was cut where it was written: it is not cut again.</summary>
    internal const int Mark = 64;

    internal static ReadOnlySpan<byte> ToLine() => ToLine(Act, null);

    /// <summary>One line of plain text here as well as there: half of a pair of surrogates cannot be written.</summary>
    /// <param name="waitsFor">What the worker waits for; null when it does not say.</param>
    internal static ReadOnlySpan<byte> Expectation(string? waitsFor) => ToLine(ExpectAct, waitsFor is null ? null : PlainText.Line(waitsFor, MaxReason));

    /// <summary>What the worker waits for, as it says itself: for people to read, so bounded, and without what would move a terminal's cursor. Null when it does not say.</summary>
    internal static string? ReasonOf(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.String || body.GetString() is not { Length: > 0 } text)
        {
            return null;
        }

        return PlainText.Line(text, MaxReason + Mark);
    }

    /// <summary>What a Node program says to its parent (<c>process.send('ready')</c>), by the custom of other process managers.</summary>
    internal static bool IsNodes(ReadOnlySpan<byte> body, ValueFormat format)
        => body.SequenceEqual(format.IsJson ? "\"ready\""u8 : "\"\u0005ready"u8); // V8: the tag of a string, its length, its bytes

    private static ReadOnlySpan<byte> ToLine(string act, string? body)
    {
        var writer = LineWriter.Start();
        writer.Json.WriteStartObject();
        writer.Json.WriteString("cmd"u8, NodeCommand.Prefork);
        writer.Json.WriteString("act"u8, act);
        if (body is not null)
        {
            writer.Json.WriteString("body"u8, body);
        }

        writer.Json.WriteEndObject();
        return writer.EndLine();
    }
}
