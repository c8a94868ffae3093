using Prefork.Ipc;

namespace Prefork;

/// <summary>What a .NET worker says when it may be given traffic.</summary>
internal static class ReadyMessage
{
    internal const string Act = "ready";

    /// <summary>Said before the first listener: <see cref="Act"/> will come, and to listen is not to be ready.</summary>
    internal const string ExpectAct = "expectready";

    internal static ReadOnlySpan<byte> ToLine() => ToLine(Act);

    internal static ReadOnlySpan<byte> Expectation() => ToLine(ExpectAct);

    private static ReadOnlySpan<byte> ToLine(string act)
    {
        var writer = LineWriter.Start();
        writer.Json.WriteStartObject();
        writer.Json.WriteString("cmd"u8, NodeCommand.Prefork);
        writer.Json.WriteString("act"u8, act);
        writer.Json.WriteEndObject();
        return writer.EndLine();
    }
}
