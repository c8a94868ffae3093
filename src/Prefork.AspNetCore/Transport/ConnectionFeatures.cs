using System.Collections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Prefork.AspNetCore.Transport;

/// <summary>A dozen features: a list is smaller than a dictionary, and no slower to search.</summary>
internal sealed class ConnectionFeatures : IFeatureCollection
{
    private readonly List<KeyValuePair<Type, object>> _features = new(capacity: 14);

    internal ConnectionFeatures(ClusterConnection connection)
    {
        foreach (var type in s_own)
        {
            _features.Add(new(type, connection));
        }
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
            var index = IndexOf(key);
            return index < 0 ? null : _features[index].Value;
        }

        set
        {
            Revision++;
            var index = IndexOf(key);
            if (index >= 0)
            {
                _features.RemoveAt(index);
            }

            if (value is not null)
            {
                _features.Add(new(key, value));
            }
        }
    }

    public TFeature? Get<TFeature>() => (TFeature?)this[typeof(TFeature)];

    public void Set<TFeature>(TFeature? instance) => this[typeof(TFeature)] = instance;

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => _features.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private int IndexOf(Type key)
    {
        for (var i = 0; i < _features.Count; i++)
        {
            if (_features[i].Key == key)
            {
                return i;
            }
        }

        return -1;
    }
}
