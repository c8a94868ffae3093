namespace Prefork.Values;

/// <summary>A primitive in a JavaScript object, as <c>new Number(5)</c> makes it.</summary>
/// <param name="Value">A bool, a number, a <see cref="System.Numerics.BigInteger"/> or a string.</param>
public sealed record JsBox(object Value);
