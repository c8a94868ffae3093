using System.Text;
using System.Text.Json;

namespace Prefork.Wire;

/// <summary>
/// What the first worker sends along with its listen query (TLS ticket keys, from Node). It is kept, and sent to every other worker that asks for
/// the same listen point, so it must be far below what any reader takes.
/// </summary>
internal static class ListenData
{
    internal const int MaxLength = 64 * 1024;

    /// <summary>Half of what JSON readers take by default. An answer nests it three deeper.</summary>
    internal const int MaxDepth = 32;

    /// <summary>Values and names. Node sends one object with one text in it.</summary>
    internal const int MaxTokens = 4096;

    /// <summary>What is wrong with it; null when it may be kept.</summary>
    internal static string? FaultOf(JsonElement data)
    {
        if (data.ValueKind == JsonValueKind.Undefined)
        {
            return null;
        }

        var text = data.GetRawText();
        if (text.Length > MaxLength)
        {
            return $"more than {MaxLength} characters of data";
        }

        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text), new JsonReaderOptions { MaxDepth = MessageHeader.MaxDepth });
        for (var tokens = 0; reader.Read(); tokens++)
        {
            if (reader.CurrentDepth >= MaxDepth)
            {
                return $"data nested deeper than {MaxDepth} levels";
            }

            if (tokens == MaxTokens)
            {
                return $"data of more than {MaxTokens} values";
            }
        }

        try
        {
            _ = JsonSerializer.SerializeToUtf8Bytes(data, FrameJsonContext.Default.JsonElement);
            return null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Half a pair of surrogates.
            return "data that can be read and not written";
        }
    }
}
