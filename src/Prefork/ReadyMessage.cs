using Prefork.Ipc;

namespace Prefork;

/// <summary>What a .NET worker says when it may be given traffic.</summary>
internal static class ReadyMessage
{
    internal const string Act = "ready";

    internal static ReadOnlySpan<byte> ToLine()
    {
        var writer = LineWriter.Start();
        writer.Json.WriteStartObject();
        writer.Json.WriteString("cmd"u8, NodeCommand.Prefork);
        writer.Json.WriteString("act"u8, Act);
        writer.Json.WriteEndObject();
        return writer.EndLine();
    }
}
