using System.CommandLine;
using System.Text;
using System.Text.Json;

namespace Prefork.Tool.Settings;

/// <summary>Variables for the workers: <c>NAME=VALUE</c> and repeated, or an object in the file, in which null takes a variable out of the environment.</summary>
internal sealed class VariablesSetting : Setting<IReadOnlyDictionary<string, string?>>
{
    private readonly Option<Item?> _option;

    internal VariablesSetting(string key, string description, string alias) : base(key) => _option = new Option<Item?>(OptionName, alias)
    {
        Description = description,
        HelpName = "NAME=VALUE",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result => Parse(result, () => Create(result.Tokens.Select(static token =>
            token.Value.Split('=', 2) is [{ Length: > 0 } name, var value] ? KeyValuePair.Create(name, (string?)value) : throw new FormatException($"'{token.Value}' is no variable: give NAME=VALUE.")))),
    };

    internal override Option Option => _option;

    internal override Item? Read(ParseResult result) => result.GetValue(_option);

    internal override Item Read(ref Utf8JsonReader reader, string folder)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new FormatException($"must be an object of names and values, not {Name(reader.TokenType)}.");
        }

        var variables = new List<KeyValuePair<string, string?>>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            if (name.Length == 0 || name.AsSpan().ContainsAny('=', '\0'))
            {
                throw new FormatException($"'{name}' cannot be a variable's name: it is empty, or has a = in it.");
            }

            reader.Read();
            variables.Add(KeyValuePair.Create(name, reader.TokenType switch
            {
                JsonTokenType.Null => null,
                JsonTokenType.True or JsonTokenType.False => Encoding.UTF8.GetString(reader.ValueSpan),
                JsonTokenType.String or JsonTokenType.Number => TextOf(ref reader, orNumber: true),
                _ => throw new FormatException($"the value of {name} must be a string, or null to take the variable away, not {Name(reader.TokenType)}."),
            }));
        }

        return Create(variables);
    }

    /// <summary>Variable by variable.</summary>
    internal override Item Combine(Item over, Item under) => Create(Of(under).Concat(Of(over)));

    /// <summary>Names only: values may be secrets.</summary>
    internal override string? Compare(Item? before, Item? after)
    {
        var (old, now) = (Of(before), Of(after));
        var names = old.Keys.Union(now.Keys).Where(name => old.ContainsKey(name) != now.ContainsKey(name) || old[name] != now[name]).Order(StringComparer.Ordinal).ToList();
        return names.Count == 0 ? null : $"{Key}: {string.Join(", ", names)}";
    }

    private static IReadOnlyDictionary<string, string?> Of(Item? item) => (IReadOnlyDictionary<string, string?>?)item?.Value ?? new Dictionary<string, string?>();

    /// <summary>The last of one name counts.</summary>
    private static Item Create(IEnumerable<KeyValuePair<string, string?>> variables)
    {
        var all = new Dictionary<string, string?>();
        foreach (var (name, value) in variables)
        {
            all[name] = value;
        }

        return new Item(all, $"{all.Count} variables");
    }
}
