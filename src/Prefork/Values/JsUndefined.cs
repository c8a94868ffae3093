namespace Prefork.Values;

/// <summary>JavaScript's <c>undefined</c>, which is not null.</summary>
public sealed class JsUndefined
{
    private JsUndefined()
    {
    }

    /// <summary>The only one.</summary>
    public static JsUndefined Value { get; } = new();

    /// <inheritdoc/>
    public override string ToString() => "undefined";
}
