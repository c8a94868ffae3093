using System.CommandLine;
using System.Text.Json;

namespace Prefork.Tool.Settings;

/// <summary>Several values: an option that may be repeated, or an array in the file.</summary>
internal sealed class ListSetting<T> : Setting<IReadOnlyList<T>>
{
    private readonly Func<string, T> _parse;
    private readonly Option<Item?>? _option;

    /// <param name="key">As the file spells it.</param>
    /// <param name="parse">The value of one text; throws <see cref="FormatException"/>.</param>
    /// <param name="description">For the option; null when it is none.</param>
    /// <param name="helpName">For the option: what stands for a value.</param>
    /// <param name="separator">Divides several values of one option; null when only repeating it does.</param>
    internal ListSetting(string key, Func<string, T> parse, string? description, string? helpName = null, char? separator = null) : base(key)
    {
        _parse = parse;
        if (description is not null)
        {
            _option = new Option<Item?>(OptionName)
            {
                Description = description,
                HelpName = helpName,
                Arity = ArgumentArity.OneOrMore,
                CustomParser = result => Parse(result, () => Create([.. result.Tokens.SelectMany(token => separator is { } letter ? token.Value.Split(letter) : [token.Value])])),
            };
        }
    }

    internal override Option? Option => _option;

    internal override Item? Read(ParseResult result) => _option is null ? null : result.GetValue(_option);

    internal override Item Read(ref Utf8JsonReader reader, string folder)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new FormatException($"must be an array, not {Name(reader.TokenType)}.");
        }

        // Each is read where the reader stands, which is where an error is.
        var texts = new List<string>();
        var values = new List<T>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number))
            {
                throw new FormatException($"must be an array of strings or numbers, without {Name(reader.TokenType)} in it.");
            }

            texts.Add(TextOf(ref reader, orNumber: true));
            values.Add(_parse(texts[^1]));
        }

        return Create(values, texts);
    }

    internal Item Create(IReadOnlyList<string> texts) => Create([.. texts.Select(_parse)], texts);

    private static Item Create(IReadOnlyList<T> values, IReadOnlyList<string> texts) => new(values, $"[{string.Join(", ", texts)}]");
}
