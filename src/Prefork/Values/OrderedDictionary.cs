#if !NET9_0_OR_GREATER
using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Prefork.Values;

/// <summary>A dictionary in the order in which keys were added. From .NET 9 on, .NET's own.</summary>
internal sealed class OrderedDictionary<TKey, TValue> : IDictionary<TKey, TValue>, IReadOnlyDictionary<TKey, TValue>
    where TKey : notnull
{
    private readonly Dictionary<TKey, LinkedListNode<KeyValuePair<TKey, TValue>>> _nodes = [];
    private readonly LinkedList<KeyValuePair<TKey, TValue>> _entries = new();

    /// <inheritdoc cref="ICollection{T}.Count"/>
    public int Count => _entries.Count;

    /// <inheritdoc/>
    public bool IsReadOnly => false;

    /// <inheritdoc cref="IDictionary{TKey, TValue}.Keys"/>
    public ICollection<TKey> Keys => [.. _entries.Select(static entry => entry.Key)];

    /// <inheritdoc cref="IDictionary{TKey, TValue}.Values"/>
    public ICollection<TValue> Values => [.. _entries.Select(static entry => entry.Value)];

    IEnumerable<TKey> IReadOnlyDictionary<TKey, TValue>.Keys => Keys;

    IEnumerable<TValue> IReadOnlyDictionary<TKey, TValue>.Values => Values;

    /// <inheritdoc cref="IDictionary{TKey, TValue}.this"/>
    public TValue this[TKey key]
    {
        get => _nodes[key].Value.Value;
        set
        {
            if (_nodes.TryGetValue(key, out var node))
            {
                node.Value = new KeyValuePair<TKey, TValue>(key, value);
            }
            else
            {
                Add(key, value);
            }
        }
    }

    /// <inheritdoc/>
    public void Add(TKey key, TValue value)
    {
        var node = new LinkedListNode<KeyValuePair<TKey, TValue>>(new KeyValuePair<TKey, TValue>(key, value));
        _nodes.Add(key, node);
        _entries.AddLast(node);
    }

    /// <summary>Adds unless the key is there.</summary>
    public bool TryAdd(TKey key, TValue value)
    {
        if (_nodes.ContainsKey(key))
        {
            return false;
        }

        Add(key, value);
        return true;
    }

    /// <inheritdoc/>
    public void Add(KeyValuePair<TKey, TValue> item) => Add(item.Key, item.Value);

    /// <inheritdoc cref="IDictionary{TKey, TValue}.ContainsKey"/>
    public bool ContainsKey(TKey key) => _nodes.ContainsKey(key);

    /// <inheritdoc cref="IDictionary{TKey, TValue}.TryGetValue"/>
    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        var found = _nodes.TryGetValue(key, out var node);
        value = found ? node!.Value.Value : default;
        return found;
    }

    /// <inheritdoc/>
    public bool Remove(TKey key)
    {
        if (!_nodes.Remove(key, out var node))
        {
            return false;
        }

        _entries.Remove(node);
        return true;
    }

    /// <inheritdoc/>
    public void Clear()
    {
        _nodes.Clear();
        _entries.Clear();
    }

    /// <inheritdoc/>
    public bool Contains(KeyValuePair<TKey, TValue> item) => _entries.Contains(item);

    /// <inheritdoc/>
    public void CopyTo(KeyValuePair<TKey, TValue>[] array, int arrayIndex) => _entries.CopyTo(array, arrayIndex);

    /// <inheritdoc/>
    public bool Remove(KeyValuePair<TKey, TValue> item) => Contains(item) && Remove(item.Key);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<TKey, TValue>> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
#endif
