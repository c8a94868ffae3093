using System.CommandLine;
using System.Text.Json;

namespace Prefork.Tool.Settings;

/// <summary>A value that is written as one word.</summary>
internal sealed class TextSetting<T> : Setting<T>
{
    private readonly Func<string, string, T> _parse;
    private readonly bool _orNumber;
    private readonly Option<Item?>? _option;

    /// <param name="key">As the file spells it.</param>
    /// <param name="parse">The value of a text, in which a relative path is relative to the folder that is the second argument (empty: there is none); throws <see cref="FormatException"/>.</param>
    /// <param name="orNumber">Whether the file may write a number, too.</param>
    /// <param name="description">For the option; null when it is none.</param>
    /// <param name="helpName">For the option: what stands for the value.</param>
    /// <param name="alias">For the option.</param>
    internal TextSetting(string key, Func<string, string, T> parse, bool orNumber, string? description, string? helpName = null, string? alias = null) : base(key)
    {
        _parse = parse;
        _orNumber = orNumber;
        if (description is not null)
        {
            _option = new Option<Item?>(OptionName, alias is null ? [] : [alias])
            {
                Description = description,
                HelpName = helpName,
                Arity = ArgumentArity.ExactlyOne,
                CustomParser = result => Parse(result, () => Create(result.Tokens[0].Value, CurrentFolder.PathOrEmpty)),
            };
        }
    }

    internal override Option? Option => _option;

    internal override Item? Read(ParseResult result) => _option is null ? null : result.GetValue(_option);

    internal override Item Read(ref Utf8JsonReader reader, string folder) => Create(TextOf(ref reader, _orNumber), folder);

    internal Item Create(string text, string folder) => new(_parse(text, folder)!, text);
}
