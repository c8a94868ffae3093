using System.CommandLine;
using System.Text;
using System.Text.Json;

namespace Prefork.Tool.Settings;

/// <summary>
/// One thing that <c>run</c> and <c>start</c> can be told: by an option, or by a key of the configuration file. Both have one name, one syntax and one check.
/// </summary>
/// <param name="key">As the file spells it (<c>bootTimeout</c>); the option is <c>--boot-timeout</c>.</param>
internal abstract class Setting(string key)
{
    internal string Key { get; } = key;

    /// <summary>Whether a reload cannot change it, since it is the primary's for life.</summary>
    internal bool NeedsStart { get; init; }

    internal string OptionName { get; } = $"--{string.Concat(key.Select(static letter => char.IsUpper(letter) ? $"-{char.ToLowerInvariant(letter)}" : $"{letter}"))}";

    /// <summary>Null for what is no option.</summary>
    internal virtual Option? Option => null;

    /// <summary>What the command line says; null when it says nothing.</summary>
    internal virtual Item? Read(ParseResult result) => null;

    /// <summary>What the file says. The reader stands at the value, and is left at its end.</summary>
    /// <param name="reader">Of the file.</param>
    /// <param name="folder">Relative paths are relative to it.</param>
    /// <exception cref="FormatException">It is of the wrong type, or out of range; the message says what to write.</exception>
    internal abstract Item Read(ref Utf8JsonReader reader, string folder);

    /// <summary>Given twice: by the command line, and by the file.</summary>
    internal virtual Item Combine(Item over, Item under) => over;

    /// <summary>How it has changed, for people; null when it has not.</summary>
    internal virtual string? Compare(Item? before, Item? after) => before?.Text == after?.Text ? null : $"{Key}: {before?.Text ?? "default"} → {after?.Text ?? "default"}";

    /// <summary>The text of a string or, where they do, a number.</summary>
    private protected static string TextOf(ref Utf8JsonReader reader, bool orNumber)
    {
        var text = reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString()!,
            JsonTokenType.Number when orNumber => Encoding.UTF8.GetString(reader.ValueSpan),
            _ => throw new FormatException($"must be {(orNumber ? "a string or a number" : "a string")}, not {Name(reader.TokenType)}."),
        };
        return text.Contains('\0') ? throw new FormatException("has a NUL character in it, which no program can be given.") : text;
    }

    private protected static string Name(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        JsonTokenType.True => "true",
        _ => "false",
    };

    /// <summary>For an option's parser: what is wrong becomes the parser's error.</summary>
    private protected Item? Parse(System.CommandLine.Parsing.ArgumentResult result, Func<Item> parse)
    {
        try
        {
            return parse();
        }
        catch (FormatException exception)
        {
            result.AddError($"{OptionName}: {exception.Message}");
            return null;
        }
    }
}

/// <summary>A setting whose value is one of these.</summary>
internal abstract class Setting<T>(string key) : Setting(key);

/// <summary>What was given for a setting.</summary>
/// <param name="Value">As the setting reads it.</param>
/// <param name="Text">As it was written, more or less.</param>
internal sealed record Item(object Value, string Text)
{
    /// <summary>File and line, when a file says it.</summary>
    internal string? Place { get; init; }
}
