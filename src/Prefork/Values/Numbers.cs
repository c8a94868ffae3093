using System.Numerics;

namespace Prefork.Values;

/// <summary>JavaScript's one kind of number, against .NET's many.</summary>
internal static class Numbers
{
    /// <summary>2^53: up to here a double holds every integer.</summary>
    internal const long Exact = 1L << 53;

    /// <summary>From here on JavaScript writes integers with an exponent.</summary>
    internal const double ExponentFrom = 1e21;

    /// <summary>Whether the value is a .NET number that a double holds without loss.</summary>
    internal static bool TryGetDouble(object? value, out double number)
    {
        switch (value)
        {
            case double or float or Half or int or uint or short or ushort or byte or sbyte:
                number = value switch
                {
                    double exact => exact,
                    float single => single,
                    Half half => (double)half,
                    int integer => integer,
                    uint integer => integer,
                    short integer => integer,
                    ushort integer => integer,
                    byte integer => integer,
                    var integer => (sbyte)integer!,
                };
                return true;
            case long integer:
                number = integer;
                return integer is >= -Exact and <= Exact;
            case ulong integer:
                number = integer;
                return integer <= Exact;
            default:
                number = 0;
                return false;
        }
    }

    /// <summary>The integer, when the number is one that an int holds; -0 is none.</summary>
    internal static bool IsInt32(double number, out int integer)
    {
        integer = number is >= int.MinValue and <= int.MaxValue ? (int)number : 0;
        return integer == number && (integer != 0 || !double.IsNegative(number));
    }

    /// <summary>Whether the number is an array's index.</summary>
    internal static bool IsIndex(double number, out uint index)
    {
        index = number is >= 0 and < uint.MaxValue ? (uint)number : 0;
        return index == number;
    }

    /// <summary>The integer, when the number is one that JavaScript writes without an exponent; -0 is none.</summary>
    internal static bool IsInteger(double number, out Int128 integer)
    {
        integer = Math.Abs(number) < ExponentFrom ? (Int128)number : 0;
        return (double)integer == number && (integer != 0 || !double.IsNegative(number));
    }

    /// <summary>The digits of a bigint, least first.</summary>
    internal static BigInteger ToBigInteger(ReadOnlySpan<byte> digits, bool negative)
    {
        var magnitude = new BigInteger(digits, isUnsigned: true);
        return negative ? -magnitude : magnitude;
    }
}
