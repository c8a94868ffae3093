using System.Text;
using System.Text.Json;

namespace Prefork.Supervision;

/// <summary>A line of a logger that writes JSON; also one that was cut off.</summary>
/// <param name="Message">What it says, and the exception that it tells of.</param>
/// <param name="Weight">By its level.</param>
internal sealed record JsonRecord(string Message, LineWeight Weight)
{
    /// <summary>From here on the numbers of pino and bunyan are errors, and from the other on fatal.</summary>
    private const int ErrorNumber = 50;
    private const int FatalNumber = 60;

    /// <summary>Null when it has no level, or no message: then it is only text.</summary>
    internal static JsonRecord? Parse(string text)
    {
        // What a line that was cut off lacks, as a rule: a whole one is read to its end before these are met.
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text + "\"}}"), isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = 64 }));
        LineWeight? weight = null;
        string? message = null, exception = null;
        var isSerilog = false;
        try
        {
            if (!reader.Read())
            {
                return null;
            }

            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth > 2)
                {
                    continue;
                }

                var isTop = reader.CurrentDepth == 1;
                var key = reader.GetString()!;
                if (!reader.Read())
                {
                    break;
                }

                if (!isTop)
                {
                    // Within err or error.
                    exception ??= key is "message" or "stack" ? FirstLine(ref reader) : null;
                    continue;
                }

                switch (key)
                {
                    case "level" or "lvl" or "severity" or "Level" or "LogLevel" or "@l":
                        weight = WeightOf(ref reader) ?? weight;
                        break;
                    case "msg" or "message" or "Message" or "@m" or "@mt" or "MessageTemplate" or "RenderedMessage":
                        message ??= FirstLine(ref reader);
                        break;
                    case "Exception" or "exception" or "@x" or "stack":
                        exception ??= FirstLine(ref reader);
                        break;
                    case "err" or "error" when reader.TokenType == JsonTokenType.StartObject:
                        break;
                    case "@t":
                        isSerilog = true;
                        break;
                    default:
                        if (!reader.TrySkip())
                        {
                            goto end;
                        }

                        break;
                }
            }
        }
        catch (JsonException)
        {
            // What has been read counts.
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: the same.
        }

    end:
        return (weight ?? (isSerilog ? LineWeight.None : null)) is { } known && (message ?? exception) is { } said
            ? new JsonRecord(message is not null && exception is not null && !exception.Contains(message, StringComparison.Ordinal) && !message.Contains(exception, StringComparison.Ordinal) ? $"{message}: {exception}" : said, known)
            : null;
    }

    private static LineWeight? WeightOf(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => SaidLine.WeightOf(reader.GetString()!),
        JsonTokenType.Number when reader.TryGetDouble(out var number) => number >= FatalNumber ? LineWeight.Fatal : number >= ErrorNumber ? LineWeight.Error : LineWeight.None,
        _ => null,
    };

    private static string? FirstLine(ref Utf8JsonReader reader)
        => reader.TokenType == JsonTokenType.String && reader.GetString()!.Trim() is { Length: > 0 } text ? text.Split('\n', 2)[0].TrimEnd() : null;
}
