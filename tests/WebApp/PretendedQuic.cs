using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

/// <summary>Kestrel has HTTP/3 where such a factory is registered: what libmsquic brings, for machines without it. Nobody may ask it for a listener.</summary>
internal sealed class PretendedQuic : IMultiplexedConnectionListenerFactory
{
    public ValueTask<IMultiplexedConnectionListener> BindAsync(EndPoint endpoint, IFeatureCollection? features = null, CancellationToken cancellationToken = default)
        => throw new InvalidOperationException($"Kestrel asked for QUIC on {endpoint}.");
}
