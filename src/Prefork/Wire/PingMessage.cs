using Prefork.Primary;

namespace Prefork.Wire;

/// <summary>"Do you still work?" and "yes", said from the worker's thread pool; ours alone. A Node worker is asked otherwise (<see cref="WorkerControl.PingAsync"/>).</summary>
internal static class PingMessage
{
    internal const string Act = "ping";
    internal const string AnswerAct = "pong";

    internal static ReadOnlySpan<byte> ToLine(long id) => Write(Act, id);

    internal static ReadOnlySpan<byte> Answer(long id) => Write(AnswerAct, id);

    private static ReadOnlySpan<byte> Write(string act, long id)
    {
        var writer = LineWriter.Start();
        writer.Json.WriteStartObject();
        writer.Json.WriteString("cmd"u8, NodeCommand.Prefork);
        writer.Json.WriteString("act"u8, act);
        writer.Json.WriteNumber("id"u8, id);
        writer.Json.WriteEndObject();
        return writer.EndLine();
    }
}
