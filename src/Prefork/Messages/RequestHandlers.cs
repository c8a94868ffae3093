using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Prefork.Wire;

namespace Prefork.Messages;

/// <summary>Who answers requests, by name. <typeparamref name="TPeer"/> is who asked, as the user knows it.</summary>
internal sealed class RequestHandlers<TPeer>
{
    private readonly ConcurrentDictionary<string, Func<TPeer, JsonElement, CancellationToken, ValueTask<Action<LineWriter>>>> _handlers = new(StringComparer.Ordinal);

    internal void Add<TRequest, TReply>(
        string name,
        Func<TPeer, TRequest?, CancellationToken, ValueTask<TReply>> handler,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TReply> replyType)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(name, async (peer, body, cancellation) =>
        {
            var request = body.Deserialize(requestType);
            var reply = await handler(peer, request, cancellation).ConfigureAwait(false);
            return writer => writer.WriteValue(reply, replyType);
        });
    }

    internal void Add(string name, Func<TPeer, JsonElement, CancellationToken, ValueTask<Action<LineWriter>>> handler)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!_handlers.TryAdd(name, handler))
        {
            throw new InvalidOperationException($"There is a handler for requests named '{name}' already.");
        }
    }

    internal ValueTask<Action<LineWriter>> HandleAsync(TPeer peer, string? name, JsonElement body, CancellationToken cancellation)
        => name is not null && _handlers.TryGetValue(name, out var handler)
            ? handler(peer, body, cancellation)
            : throw new ClusterRequestException($"Nobody here answers requests named '{name}'.");
}
