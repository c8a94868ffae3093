using System.Numerics;
using System.Runtime.CompilerServices;

namespace Prefork.Values;

/// <summary>
/// A key of a Map or Set, compared as JavaScript compares them (SameValueZero): primitives by value, NaN equal to itself, 0 to -0, all else by identity.
/// The hash of a number is seeded: who chooses keys cannot choose collisions.
/// </summary>
internal readonly struct JsKey(object? value) : IEquatable<JsKey>
{
    internal object? Value { get; } = Numbers.TryGetDouble(value, out var number) ? number : value;

    public bool Equals(JsKey other) => (Value, other.Value) switch
    {
        (string left, string right) => left == right,
        (double left, double right) => left.Equals(right) || left == right,
        (bool left, bool right) => left == right,
        (BigInteger left, BigInteger right) => left == right,
        var (left, right) => ReferenceEquals(left, right),
    };

    public override bool Equals(object? obj) => obj is JsKey other && Equals(other);

    public override int GetHashCode() => Value switch
    {
        string text => text.GetHashCode(),
        double number => HashOf(number),
        bool or BigInteger => Value.GetHashCode(),
        _ => RuntimeHelpers.GetHashCode(Value),
    };

    private static int HashOf(double number)
    {
        var bits = BitConverter.DoubleToInt64Bits(number == 0 ? 0 : number);
        return HashCode.Combine((int)bits, (int)(bits >> 32));
    }
}
