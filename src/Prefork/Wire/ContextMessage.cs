using System.Text.Json;

namespace Prefork.Wire;

/// <summary>What the primary tells a .NET worker about the cluster, on every change: the body of <c>context</c>.</summary>
/// <param name="Workers">How many workers share the work.</param>
/// <param name="Leader">Whether this one leads.</param>
/// <param name="Generation">Of which generation it is.</param>
/// <param name="OfGeneration">How many of the workers are of that generation.</param>
/// <param name="Secret">Told with the first; see <see cref="ClusterWorker.SharedSecret"/>.</param>
internal sealed record ContextMessage(int Workers, bool Leader, int Generation, int OfGeneration, byte[]? Secret = null)
{
    internal const string Act = "context";

    internal const int SecretSize = 32;

    /// <summary>What a worker answers to leadership: it leads no more, and never will again.</summary>
    internal const string ResignAct = "resign";

    /// <exception cref="JsonException">A field is missing, or of the wrong type; the secret and the generation's number of workers may be missing.</exception>
    internal static ContextMessage Read(JsonElement body)
    {
        if (body.ValueKind == JsonValueKind.Object
            && body.TryGetProperty("workers"u8, out var workers) && workers.ValueKind == JsonValueKind.Number && workers.TryGetInt32(out var count)
            && body.TryGetProperty("leader"u8, out var leader) && leader.ValueKind is JsonValueKind.True or JsonValueKind.False
            && body.TryGetProperty("generation"u8, out var generation) && generation.ValueKind == JsonValueKind.Number && generation.TryGetInt32(out var number))
        {
            return new ContextMessage(count, leader.GetBoolean(), number, ReadOfGeneration(body) ?? count, ReadSecret(body));
        }

        throw new JsonException("The context lacks workers, leader or generation, or one is of another type.");
    }

    internal ReadOnlySpan<byte> ToLine()
    {
        var writer = Start(Act);
        writer.Json.WriteStartObject("body"u8);
        writer.Json.WriteNumber("workers"u8, Workers);
        writer.Json.WriteBoolean("leader"u8, Leader);
        writer.Json.WriteNumber("generation"u8, Generation);
        writer.Json.WriteNumber("ofGeneration"u8, OfGeneration);
        if (Secret is not null)
        {
            writer.Json.WriteBase64String("secret"u8, Secret);
        }

        writer.Json.WriteEndObject();
        return End(writer);
    }

    /// <summary>A primary of an older version does not say.</summary>
    private static int? ReadOfGeneration(JsonElement body)
    {
        if (!body.TryGetProperty("ofGeneration"u8, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count) ? count : throw new JsonException("The context's ofGeneration is no whole number.");
    }

    private static byte[]? ReadSecret(JsonElement body)
    {
        if (!body.TryGetProperty("secret"u8, out var secret))
        {
            return null;
        }

        return secret.ValueKind == JsonValueKind.String && secret.TryGetBytesFromBase64(out var bytes) && bytes.Length == SecretSize
            ? bytes
            : throw new JsonException($"The context's secret is not {SecretSize} bytes in base 64.");
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
