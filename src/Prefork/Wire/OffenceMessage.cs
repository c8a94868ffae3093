using Prefork.Reporting;

namespace Prefork.Wire;

/// <summary>The last that a worker says to a primary whose message it could not take: why it closes its channel.</summary>
internal static class OffenceMessage
{
    internal const string Act = "offence";
    internal const int MaxReason = 1000;

    internal static ReadOnlySpan<byte> ToLine(string why)
    {
        var writer = LineWriter.Start();
        writer.Json.WriteStartObject();
        writer.Json.WriteString("cmd"u8, NodeCommand.Prefork);
        writer.Json.WriteString("act"u8, Act);
        writer.Json.WriteString("error"u8, PlainText.Line(why, MaxReason));
        writer.Json.WriteEndObject();
        return writer.EndLine();
    }
}
