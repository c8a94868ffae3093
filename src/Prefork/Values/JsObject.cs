using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Prefork.Values;

/// <summary>A plain JavaScript object: values by name, in the order in which they were added. What a class put on its prototype does not travel.</summary>
public sealed class JsObject : IDictionary<string, object?>, IReadOnlyDictionary<string, object?>
{
    private readonly OrderedDictionary<string, object?> _values = [];

    /// <summary>An empty object.</summary>
    public JsObject()
    {
    }

    /// <summary>How many values there are.</summary>
    public int Count => _values.Count;

    /// <summary>The names, in order. A copy.</summary>
    public ICollection<string> Keys => [.. _values.Keys];

    /// <summary>The values, in the order of their names. A copy.</summary>
    public ICollection<object?> Values => [.. _values.Values];

    IEnumerable<string> IReadOnlyDictionary<string, object?>.Keys => Keys;

    IEnumerable<object?> IReadOnlyDictionary<string, object?>.Values => Values;

    bool ICollection<KeyValuePair<string, object?>>.IsReadOnly => false;

    /// <summary>The value of a name; setting adds or replaces, and a replaced value keeps its place.</summary>
    /// <exception cref="KeyNotFoundException">Reading a name that is not there.</exception>
    public object? this[string key]
    {
        get => _values[key];
        set => _values[key] = value;
    }

    /// <summary>Adds a value at the end.</summary>
    /// <exception cref="ArgumentException">The name is there already.</exception>
    public void Add(string key, object? value) => _values.Add(key, value);

    /// <summary>Adds a value at the end; false when the name is there already.</summary>
    public bool TryAdd(string key, object? value) => _values.TryAdd(key, value);

    /// <summary>Whether the name is there.</summary>
    public bool ContainsKey(string key) => _values.ContainsKey(key);

    /// <summary>Whether the name is there, and its value.</summary>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out object? value) => _values.TryGetValue(key, out value);

    /// <summary>Removes a name; false when it was not there.</summary>
    public bool Remove(string key) => _values.Remove(key);

    /// <summary>Removes all.</summary>
    public void Clear() => _values.Clear();

    /// <summary>The names and values, in order.</summary>
    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    void ICollection<KeyValuePair<string, object?>>.Add(KeyValuePair<string, object?> item) => Add(item.Key, item.Value);

    bool ICollection<KeyValuePair<string, object?>>.Contains(KeyValuePair<string, object?> item) => ((ICollection<KeyValuePair<string, object?>>)_values).Contains(item);

    void ICollection<KeyValuePair<string, object?>>.CopyTo(KeyValuePair<string, object?>[] array, int arrayIndex)
        => ((ICollection<KeyValuePair<string, object?>>)_values).CopyTo(array, arrayIndex);

    bool ICollection<KeyValuePair<string, object?>>.Remove(KeyValuePair<string, object?> item) => ((ICollection<KeyValuePair<string, object?>>)_values).Remove(item);
}
