namespace Prefork.Values;

/// <summary>A plain JavaScript object: values by name, in the order in which they were added. What a class put on its prototype does not travel.</summary>
public sealed class JsObject : OrderedDictionary<string, object?>
{
    /// <summary>An empty object.</summary>
    public JsObject()
    {
    }
}
