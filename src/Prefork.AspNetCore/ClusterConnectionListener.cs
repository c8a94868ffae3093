using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Prefork.AspNetCore.Transport;

namespace Prefork.AspNetCore;

/// <summary>A cluster listener as Kestrel wants it, with connections of our own (see <see cref="ClusterConnection"/>).</summary>
internal sealed class ClusterConnectionListener(ClusterListener listener, TransportSettings settings, MemoryPool<byte> pool, Action<ClusterListener> closed) : IConnectionListener
{
    private readonly PoolPulse _pulse = new();

    public EndPoint EndPoint => listener.LocalEndPoint;

    /// <summary>Null ends Kestrel's accept loop.</summary>
    public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        if (_pulse.BeforeNext() is { } pulse)
        {
            return AcceptAfterAsync(pulse, cancellationToken);
        }

        var accept = listener.AcceptHandleAsync(cancellationToken);
        return accept.IsCompletedSuccessfully ? ValueTask.FromResult<ConnectionContext?>(ToConnection(accept.Result)) : AwaitAsync(accept);
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        ClusterIntake.Stop(listener);
        return ValueTask.CompletedTask;
    }

    /// <summary>Kestrel calls it when the connections are closed, so their memory is back.</summary>
    public async ValueTask DisposeAsync()
    {
        await listener.DisposeAsync().ConfigureAwait(false);
        pool.Dispose();
        closed(listener);
    }

    private async ValueTask<ConnectionContext?> AcceptAfterAsync(Task pulse, CancellationToken cancellationToken)
    {
        await pulse.WaitAsync(cancellationToken).ConfigureAwait(false);
        return ToConnection(await listener.AcceptHandleAsync(cancellationToken).ConfigureAwait(false));
    }

    private async ValueTask<ConnectionContext?> AwaitAsync(ValueTask<ClusterConnectionHandle?> accept) => ToConnection(await accept.ConfigureAwait(false));

    private ClusterConnection? ToConnection(ClusterConnectionHandle? handle) => handle is null ? null : new ClusterConnection(handle, EndPoint, settings);
}
