using System.Globalization;

namespace Prefork.Values;

/// <summary>Names of properties that JavaScript takes for numbers.</summary>
internal static class JsNames
{
    /// <summary>The name that a number is.</summary>
    internal static string FromNumber(double number)
        => Numbers.IsInteger(number, out var integer)
            ? integer.ToString(CultureInfo.InvariantCulture)
            : number == 0 ? "0" : number.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Whether the name is an array's index, written as JavaScript writes it.</summary>
    internal static bool IsIndex(ReadOnlySpan<char> name, out uint index)
    {
        index = 0;
        return name.Length is > 0 and <= 10
            && char.IsAsciiDigit(name[0])
            && (name[0] != '0' || name.Length == 1)
            && uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out index)
            && index < uint.MaxValue;
    }
}
