using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Prefork.Values;

/// <summary>
/// A JavaScript Map: any value is a key, and the order is that in which keys were added. Primitive keys are compared by value
/// (numbers of all .NET types as JavaScript's one), all others by identity.
/// </summary>
public sealed class JsMap : IEnumerable<KeyValuePair<object?, object?>>
{
    private readonly OrderedDictionary<JsKey, object?> _entries = [];

    /// <summary>How many entries there are.</summary>
    public int Count => _entries.Count;

    /// <summary>The value of a key; setting adds or replaces.</summary>
    /// <exception cref="KeyNotFoundException">Reading a key that is not there.</exception>
    public object? this[object? key]
    {
        get => _entries[new JsKey(key)];
        set => _entries[new JsKey(key)] = value;
    }

    /// <summary>Adds a key.</summary>
    /// <exception cref="ArgumentException">The key is there already.</exception>
    public void Add(object? key, object? value) => _entries.Add(new JsKey(key), value);

    /// <summary>Whether the key is there, and its value.</summary>
    public bool TryGetValue(object? key, [MaybeNullWhen(false)] out object? value) => _entries.TryGetValue(new JsKey(key), out value);

    /// <summary>Removes a key; false when it was not there.</summary>
    public bool Remove(object? key) => _entries.Remove(new JsKey(key));

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<object?, object?>> GetEnumerator()
        => _entries.Select(static entry => KeyValuePair.Create(entry.Key.Value, entry.Value)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
