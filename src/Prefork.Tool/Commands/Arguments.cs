using System.CommandLine;
using System.Globalization;
using Prefork.Tool.Settings;

namespace Prefork.Tool;

/// <summary>Arguments and options that several commands have, and how their values are read.</summary>
internal static class Arguments
{
    internal static Argument<string?> Name() => new("name")
    {
        Description = "Which application; may be left out when only one runs.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    internal static Option<bool> Json() => new("--json") { Description = "Prints JSON, for programs." };

    /// <summary>A time such as 500ms, 30s, 5m, 2h, 1d; a number alone is seconds.</summary>
    internal static Option<TimeSpan?> Time(string name, string description) => Value<TimeSpan?>(name, description, "TIME", static text => Words.Timeout(text, orZero: true));

    /// <summary>An option with a value that is read here. The parser's own conversion throws where its result is asked for, and does not say what to write.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">For the help.</param>
    /// <param name="helpName">What stands for the value.</param>
    /// <param name="read">Reads it; throws <see cref="FormatException"/> with what is wrong and what to write.</param>
    /// <param name="aliases">Other names.</param>
    internal static Option<T> Value<T>(string name, string description, string helpName, Func<string, T> read, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        HelpName = helpName,
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            try
            {
                return read(result.Tokens[0].Value);
            }
            catch (FormatException exception)
            {
                result.AddError($"{name}: {exception.Message}");
                return default!;
            }
        },
    };

    internal static TimeSpan? ParseTime(string text)
    {
        var number = text.TrimEnd('m', 's', 'h', 'd');
        double? unit = text[number.Length..] switch
        {
            "ms" => 0.001,
            "" or "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86400,
            _ => null,
        };
        return unit is { } seconds && double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value * seconds <= 365 * 86400
            ? TimeSpan.FromSeconds(value * seconds)
            : null;
    }

    internal static long? ParseMemory(string text)
    {
        var number = text.TrimEnd('B', 'b', 'i', 'K', 'k', 'M', 'm', 'G', 'g');
        int? shift = text[number.Length..].ToUpperInvariant() switch
        {
            "" or "B" => 0,
            "K" or "KB" or "KIB" => 10,
            "M" or "MB" or "MIB" => 20,
            "G" or "GB" or "GIB" => 30,
            _ => null,
        };
        return shift is { } bits && double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value is > 0 and < 1e6 * 1024
            ? (long)(value * (1L << bits))
            : null;
    }
}
