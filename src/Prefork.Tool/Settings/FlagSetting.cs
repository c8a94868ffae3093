using System.CommandLine;
using System.Text.Json;

namespace Prefork.Tool.Settings;

/// <summary>Yes or no: an option that stands alone, or true or false in the file.</summary>
internal sealed class FlagSetting : Setting<bool>
{
    private readonly Option<bool> _option;

    internal FlagSetting(string key, string description) : base(key) => _option = new Option<bool>(OptionName) { Description = description };

    internal override Option Option => _option;

    internal override Item? Read(ParseResult result) => result.GetResult(_option) is { Implicit: false } ? Create(result.GetValue(_option)) : null;

    internal override Item Read(ref Utf8JsonReader reader, string folder)
        => Create(reader.TokenType is JsonTokenType.True or JsonTokenType.False ? reader.GetBoolean() : throw new FormatException($"must be true or false, not {Name(reader.TokenType)}."));

    private static Item Create(bool value) => new(value, value ? "true" : "false");
}
