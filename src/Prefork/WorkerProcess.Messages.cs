using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Prefork.Messages;

namespace Prefork;

/// <remarks>What is said to it, and asked.</remarks>
public sealed partial class WorkerProcess
{
    private Messenger Messenger => _control.Messenger ?? throw new ClusterChannelClosedException($"Worker {Id} was not started; the message was not sent.");

    /// <summary>Sends a message, written by reflection with names in camel case.</summary>
    /// <inheritdoc cref="SendAsync{T}(T, JsonTypeInfo{T}, CancellationToken)"/>
    [RequiresUnreferencedCode(Reflected.Reason)]
    [RequiresDynamicCode(Reflected.Reason)]
    public ValueTask SendAsync<T>(T message, CancellationToken cancellationToken = default)
        => SendAsync(message, Reflected.TypeInfo<T>(), cancellationToken);

    /// <summary>Sends a message. Order is kept. The task ends when the kernel has the bytes: await it, and a slow worker slows its sender.</summary>
    /// <exception cref="JsonException">The message cannot be serialised.</exception>
    /// <exception cref="NotSupportedException">The message cannot be serialised.</exception>
    /// <exception cref="ArgumentException">It is larger than <see cref="ClusterSettings.MaxMessageSize"/>, or nested deeper than 4,096 levels. It was not sent, and the channel lives.</exception>
    /// <exception cref="ClusterChannelClosedException">The worker is disconnected, or was while the message waited.</exception>
    public ValueTask SendAsync<T>(T message, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken = default)
        => Messenger.SendAsync(message, typeInfo, cancellationToken);

    /// <summary>
    /// Sends a tree of values, on an <see cref="ChannelSerialization.Advanced"/> channel: what <see cref="ClusterMessage.GetValue"/> returns,
    /// and besides .NET's other numbers, <see cref="DateTime"/>, dictionaries by string and lists of objects. What is in it twice arrives as one object.
    /// </summary>
    /// <remarks>Not changed while the call runs; free when it has returned.</remarks>
    /// <exception cref="InvalidOperationException">The channel's messages are JSON.</exception>
    /// <exception cref="NotSupportedException">JavaScript has nothing for a value in it; the message says which.</exception>
    /// <exception cref="ClusterChannelClosedException">The channel is closed, or was closed while the message waited.</exception>
    public ValueTask SendValueAsync(object? value, CancellationToken cancellationToken = default) => Messenger.SendValueAsync(value, cancellationToken);

    /// <summary>Sends a tree of values with a socket, which travels as with <see cref="SendAsync{T}(T, Socket, JsonTypeInfo{T}, CancellationToken)"/>.</summary>
    /// <inheritdoc cref="SendValueAsync(object?, CancellationToken)"/>
    public ValueTask SendValueAsync(object? value, Socket socket, CancellationToken cancellationToken = default)
        => Messenger.SendValueAsync(value, socket, cancellationToken);

    /// <summary>Sends a message with a socket, written by reflection with names in camel case.</summary>
    /// <inheritdoc cref="SendAsync{T}(T, Socket, JsonTypeInfo{T}, CancellationToken)"/>
    [RequiresUnreferencedCode(Reflected.Reason)]
    [RequiresDynamicCode(Reflected.Reason)]
    public ValueTask SendAsync<T>(T message, Socket socket, CancellationToken cancellationToken = default)
        => SendAsync(message, socket, Reflected.TypeInfo<T>(), cancellationToken);

    /// <summary>
    /// Sends a message with a socket: connected, listening or UDP. A duplicate travels; the caller keeps the socket, and disposes it
    /// when only the worker is to have it. The open socket becomes non-blocking for all who have it; a <see cref="Socket"/> that says that it blocks still does.
    /// </summary>
    /// <exception cref="ArgumentException">The socket is of a kind that cannot be passed.</exception>
    /// <inheritdoc cref="SendAsync{T}(T, JsonTypeInfo{T}, CancellationToken)"/>
    public ValueTask SendAsync<T>(T message, Socket socket, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken = default)
        => Messenger.SendAsync(message, socket, typeInfo, cancellationToken);

    /// <summary>Asks the worker, by reflection; names in camel case.</summary>
    /// <inheritdoc cref="RequestAsync{TRequest, TReply}(string, TRequest, JsonTypeInfo{TRequest}, JsonTypeInfo{TReply}, TimeSpan?, CancellationToken)"/>
    [RequiresUnreferencedCode(Reflected.Reason)]
    [RequiresDynamicCode(Reflected.Reason)]
    public Task<TReply?> RequestAsync<TRequest, TReply>(string name, TRequest request, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        => RequestAsync(name, request, Reflected.TypeInfo<TRequest>(), Reflected.TypeInfo<TReply>(), timeout, cancellationToken);

    /// <summary>Asks the worker's handler of that name (<see cref="ClusterWorker.OnRequest{TRequest, TReply}(string, Func{TRequest, CancellationToken, ValueTask{TReply}})"/>).</summary>
    /// <param name="name">Which handler.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="requestType">Metadata of the request.</param>
    /// <param name="replyType">Metadata of the reply.</param>
    /// <param name="timeout">How long to wait; null waits as long as the worker lives.</param>
    /// <param name="cancellationToken">Ends the wait, and cancels the handler's token.</param>
    /// <exception cref="ClusterRequestException">No such handler, or it failed.</exception>
    /// <exception cref="ClusterChannelClosedException">The worker is or gets disconnected.</exception>
    /// <exception cref="TimeoutException">No reply in time; the handler's token is cancelled.</exception>
    public async Task<TReply?> RequestAsync<TRequest, TReply>(
        string name,
        TRequest request,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TReply> replyType,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        var reply = await Messenger.RequestAsync("request", name, null, request, requestType, timeout, cancellationToken).ConfigureAwait(false);
        return reply.Deserialize(replyType);
    }
}
