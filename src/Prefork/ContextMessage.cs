using System.Text.Json;
using System.Text.Json.Serialization;
using Prefork.Ipc;

namespace Prefork;

/// <summary>What the primary tells a .NET worker about the cluster, on every change: the body of <c>context</c>.</summary>
internal sealed record ContextMessage(
    [property: JsonPropertyName("workers")] int Workers,
    [property: JsonPropertyName("leader")] bool Leader,
    [property: JsonPropertyName("generation")] int Generation)
{
    internal const string Act = "context";

    /// <summary>What a worker answers to leadership: it leads no more, and never will again.</summary>
    internal const string ResignAct = "resign";

    /// <exception cref="JsonException">A field is missing, or of the wrong type.</exception>
    internal static ContextMessage Read(JsonElement body)
        => body.Deserialize(ContextJsonContext.Default.ContextMessage) ?? throw new JsonException("The context is null.");

    internal ReadOnlySpan<byte> ToLine()
    {
        var writer = Start(Act);
        writer.Json.WritePropertyName("body"u8);
        writer.WriteValue(this, ContextJsonContext.Default.ContextMessage);
        return End(writer);
    }

    internal static ReadOnlySpan<byte> Resignation() => End(Start(ResignAct));

    private static LineWriter Start(string act)
    {
        var writer = LineWriter.Start();
        writer.Json.WriteStartObject();
        writer.Json.WriteString("cmd"u8, NodeCommand.Prefork);
        writer.Json.WriteString("act"u8, act);
        return writer;
    }

    private static ReadOnlySpan<byte> End(LineWriter writer)
    {
        writer.Json.WriteEndObject();
        return writer.EndLine();
    }
}

[JsonSourceGenerationOptions(RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ContextMessage))]
internal sealed partial class ContextJsonContext : JsonSerializerContext;
