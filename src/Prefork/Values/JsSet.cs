using System.Collections;

namespace Prefork.Values;

/// <summary>A JavaScript Set, in the order in which values were added. Values are compared as the keys of a <see cref="JsMap"/>.</summary>
public sealed class JsSet : IEnumerable<object?>
{
    private readonly OrderedDictionary<JsKey, bool> _values = [];

    /// <summary>How many values there are.</summary>
    public int Count => _values.Count;

    /// <summary>Adds a value; false when it was there already.</summary>
    public bool Add(object? value) => _values.TryAdd(new JsKey(value), true);

    /// <summary>Whether the value is there.</summary>
    public bool Contains(object? value) => _values.ContainsKey(new JsKey(value));

    /// <summary>Removes a value; false when it was not there.</summary>
    public bool Remove(object? value) => _values.Remove(new JsKey(value));

    /// <inheritdoc/>
    public IEnumerator<object?> GetEnumerator() => _values.Keys.Select(static key => key.Value).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
