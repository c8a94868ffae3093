using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Prefork.AspNetCore;

/// <summary>What a worker that is about to leave listens on: nothing. Its host starts, and stops at once.</summary>
internal sealed class EndedConnectionListener(EndPoint endPoint) : IConnectionListener
{
    public EndPoint EndPoint { get; } = endPoint;

    public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult<ConnectionContext?>(null);

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
