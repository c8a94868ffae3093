using System.Collections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Prefork.AspNetCore.Transport;

/// <summary>A dozen features: a list is smaller than a dictionary, and no slower to search.</summary>
/// <remarks>
/// The connection's own threads, one at a time, write it. The drain reads it meanwhile: an entry keeps its key for ever, and is complete
/// before it is counted.
/// </remarks>
internal sealed class ConnectionFeatures : IFeatureCollection
{
    private Entry[] _entries = new Entry[16];
    private int _count;

    internal ConnectionFeatures(ClusterConnection connection)
    {
        foreach (var type in s_own)
        {
            _entries[_count++] = new Entry { Key = type, Value = connection };
        }
    }

    private struct Entry
    {
        internal Type Key;
        internal object? Value;
    }

    private static readonly Type[] s_own =
    [
        typeof(IConnectionIdFeature),
        typeof(IConnectionTransportFeature),
        typeof(IConnectionItemsFeature),
        typeof(IMemoryPoolFeature),
        typeof(IConnectionLifetimeFeature),
        typeof(IConnectionEndPointFeature),
        typeof(IConnectionSocketFeature),
    ];

    public bool IsReadOnly => false;

    public int Revision { get; private set; }

    public object? this[Type key]
    {
        get
        {
            // In this order: a larger array may come after the count, never before.
            var count = Volatile.Read(ref _count);
            var entries = Volatile.Read(ref _entries);
            for (var i = 0; i < count; i++)
            {
                if (entries[i].Key == key)
                {
                    return entries[i].Value;
                }
            }

            return null;
        }

        set
        {
            Revision++;
            for (var i = 0; i < _count; i++)
            {
                if (_entries[i].Key == key)
                {
                    _entries[i].Value = value;
                    return;
                }
            }

            if (_count == _entries.Length)
            {
                var larger = new Entry[_count * 2];
                _entries.CopyTo(larger, 0);
                Volatile.Write(ref _entries, larger);
            }

            _entries[_count] = new Entry { Key = key, Value = value };
            Volatile.Write(ref _count, _count + 1);
        }
    }

    public TFeature? Get<TFeature>() => (TFeature?)this[typeof(TFeature)];

    public void Set<TFeature>(TFeature? instance) => this[typeof(TFeature)] = instance;

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator()
    {
        for (var i = 0; i < _count; i++)
        {
            if (_entries[i].Value is { } value)
            {
                yield return new(_entries[i].Key, value);
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
