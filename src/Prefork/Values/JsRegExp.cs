namespace Prefork.Values;

/// <summary>
/// A JavaScript regular expression, as text: its dialect is not .NET's, and an expression from elsewhere is not to be run unseen.
/// </summary>
/// <param name="Source">What stands between the slashes.</param>
/// <param name="Flags">Of the letters d, g, i, m, s, u, v and y.</param>
public sealed record JsRegExp(string Source, string Flags)
{
    // In the order of V8's bits; 'l' is an experiment of V8's, off by default.
    private const string Letters = "gimyusldv";

    /// <inheritdoc/>
    public override string ToString() => $"/{Source}/{Flags}";

    /// <exception cref="InvalidDataException">A bit that stands for no flag.</exception>
    internal static uint CheckBits(uint bits)
        => bits < 1 << Letters.Length ? bits : throw new InvalidDataException($"A regular expression has unknown flags ({bits}).");

    internal static string FlagsFromBits(uint bits) => string.Concat(Letters.Where((_, index) => (bits & (1u << index)) != 0).Order());

    /// <exception cref="NotSupportedException">A letter that is no flag.</exception>
    internal uint FlagBits()
    {
        var bits = 0u;
        foreach (var letter in Flags)
        {
            var index = Letters.IndexOf(letter, StringComparison.Ordinal);
            bits |= index >= 0 ? 1u << index : throw new NotSupportedException($"'{letter}' is no flag of a JavaScript regular expression.");
        }

        return bits;
    }
}
