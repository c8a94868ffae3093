using System.Collections;

namespace Prefork.Values;

/// <summary>
/// A JavaScript array. Its elements are enumerated as <c>forEach</c> does: those that are there, in order. Most arrays have all of them;
/// one with holes has a <see cref="Length"/> that is greater.
/// </summary>
public sealed class JsArray : IEnumerable<object?>
{
    private readonly List<object?> _dense = [];

    /// <summary>What stands behind the first hole.</summary>
    private SortedDictionary<uint, object?>? _sparse;

    private JsObject? _properties;
    private uint _length;

    /// <summary>An empty array.</summary>
    public JsArray()
    {
    }

    /// <summary>An array of these values.</summary>
    public JsArray(IEnumerable<object?> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        foreach (var value in values)
        {
            Add(value);
        }
    }

    /// <summary>The array's length, holes included. Making it less drops elements, making it more adds a hole.</summary>
    public uint Length
    {
        get => _length;
        set
        {
            if (value < _dense.Count)
            {
                _dense.RemoveRange((int)value, _dense.Count - (int)value);
            }

            foreach (var index in _sparse?.Keys.Where(index => index >= value).ToArray() ?? [])
            {
                _sparse!.Remove(index);
            }

            _length = value;
        }
    }

    /// <summary>How many elements are there.</summary>
    public int Count => _dense.Count + (_sparse?.Count ?? 0);

    /// <summary>The elements that are there, with their indexes.</summary>
    public IEnumerable<KeyValuePair<uint, object?>> Elements
        => _dense.Select(static (value, index) => KeyValuePair.Create((uint)index, value)).Concat(_sparse ?? []);

    /// <summary>What the array has by name, such as <c>index</c> and <c>input</c> of a match; mostly empty.</summary>
    public JsObject Properties => _properties ??= [];

    internal JsObject? PropertiesOrNull => _properties is { Count: > 0 } ? _properties : null;

    internal bool HasHoles => _dense.Count != _length;

    /// <summary>An element; <see cref="JsUndefined.Value"/> where there is none. Setting one beyond the end makes the array longer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Setting 4,294,967,295, which is no index.</exception>
    public object? this[uint index]
    {
        get => index < _dense.Count ? _dense[(int)index]
            : _sparse is not null && _sparse.TryGetValue(index, out var value) ? value
            : JsUndefined.Value;
        set
        {
            ArgumentOutOfRangeException.ThrowIfEqual(index, uint.MaxValue);
            if (index < _dense.Count)
            {
                _dense[(int)index] = value;
            }
            else if (index == _dense.Count && _sparse?.ContainsKey(index) is not true)
            {
                _dense.Add(value);
            }
            else
            {
                (_sparse ??= [])[index] = value;
            }

            _length = Math.Max(_length, index + 1);
        }
    }

    /// <summary>Adds an element at the end.</summary>
    public void Add(object? value) => this[_length] = value;

    /// <summary>Whether there is an element, which may be undefined all the same.</summary>
    public bool HasElement(uint index) => index < _dense.Count || _sparse?.ContainsKey(index) is true;

    /// <inheritdoc/>
    public IEnumerator<object?> GetEnumerator() => Elements.Select(static element => element.Value).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
