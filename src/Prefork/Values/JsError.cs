namespace Prefork.Values;

/// <summary>A JavaScript error. Of its own properties only these travel, as in Node.</summary>
public sealed class JsError
{
    /// <summary>The class: Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError or URIError. Any other is sent as Error.</summary>
    /// <remarks>Default: Error.</remarks>
    public string Name { get; set; } = "Error";

    /// <summary>What happened; null when the error has no message.</summary>
    public string? Message { get; set; }

    /// <summary>Where, as text; null when the error has no stack.</summary>
    public string? Stack { get; set; }

    /// <summary>What caused it, any value; <see cref="JsUndefined.Value"/> when nothing is said.</summary>
    public object? Cause { get; set; } = JsUndefined.Value;

    /// <inheritdoc/>
    public override string ToString() => Message is null ? Name : $"{Name}: {Message}";
}
