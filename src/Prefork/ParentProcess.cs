using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Prefork.Loop;
using Prefork.Messages;
using Prefork.Worker;

namespace Prefork;

/// <summary>
/// The Node process that started this one with <c>child_process.fork</c>: Node's <c>process.send()</c>, <c>process.on('message')</c> and
/// <c>process.disconnect()</c>. Events come one at a time, in order, on a thread of their own; with those of <see cref="Cluster"/> they have no order.
/// </summary>
/// <remarks>
/// It keeps no process alive: await <see cref="WaitForDisconnectAsync"/> where Node would go on because somebody listens. Nor does its end
/// end this process, as in Node.
/// </remarks>
public sealed class ParentProcess
{
    private readonly ChildRole _role;
    private readonly TaskCompletionSource _disconnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EventHandler<ClusterMessageEventArgs>? _messageReceived;

    internal ParentProcess(ChildRole role) => _role = role;

    /// <summary>
    /// A message of the parent's. Messages that come while nobody listens are kept, up to 1,000 or 64 MiB of them, and delivered to the
    /// first who does.
    /// </summary>
    public event EventHandler<ClusterMessageEventArgs>? MessageReceived
    {
        add
        {
            lock (_disconnected)
            {
                _messageReceived += value;
            }

            _role.Messenger.DeliverKept();
        }

        remove
        {
            lock (_disconnected)
            {
                _messageReceived -= value;
            }
        }
    }

    /// <summary>The channel is closed, from either side: once, and after every message that came on it. The process goes on.</summary>
    public event EventHandler? Disconnected;

    /// <summary>The parent broke the protocol, and the channel is closed for it; or messages were dropped that nobody listened for.</summary>
    public event EventHandler<ErrorEventArgs>? Error;

    /// <summary>Whether the channel is open. Node's <c>process.connected</c>.</summary>
    public bool IsConnected => _role.IsConnected;

    internal bool HasMessageListener => _messageReceived is not null;

    /// <summary>Sends a message to the parent, written by reflection with names in camel case.</summary>
    /// <inheritdoc cref="SendAsync{T}(T, JsonTypeInfo{T}, CancellationToken)"/>
    [RequiresUnreferencedCode(Reflected.Reason)]
    [RequiresDynamicCode(Reflected.Reason)]
    public ValueTask SendAsync<T>(T message, CancellationToken cancellationToken = default)
        => SendAsync(message, Reflected.TypeInfo<T>(), cancellationToken);

    /// <summary>Sends a message to the parent. Order is kept. The task ends when the kernel has the bytes.</summary>
    /// <exception cref="JsonException">The message cannot be serialised.</exception>
    /// <exception cref="NotSupportedException">The message cannot be serialised.</exception>
    /// <exception cref="ClusterChannelClosedException">The channel is closed, or was closed while the message waited.</exception>
    public ValueTask SendAsync<T>(T message, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken = default)
        => _role.Messenger.SendAsync(message, typeInfo, cancellationToken);

    /// <summary>Sends a message with a socket, written by reflection with names in camel case.</summary>
    /// <inheritdoc cref="WorkerProcess.SendAsync{T}(T, Socket, JsonTypeInfo{T}, CancellationToken)"/>
    [RequiresUnreferencedCode(Reflected.Reason)]
    [RequiresDynamicCode(Reflected.Reason)]
    public ValueTask SendAsync<T>(T message, Socket socket, CancellationToken cancellationToken = default)
        => SendAsync(message, socket, Reflected.TypeInfo<T>(), cancellationToken);

    /// <inheritdoc cref="WorkerProcess.SendAsync{T}(T, Socket, JsonTypeInfo{T}, CancellationToken)"/>
    public ValueTask SendAsync<T>(T message, Socket socket, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken = default)
        => _role.Messenger.SendAsync(message, socket, typeInfo, cancellationToken);

    /// <inheritdoc cref="WorkerProcess.SendValueAsync(object?, CancellationToken)"/>
    public ValueTask SendValueAsync(object? value, CancellationToken cancellationToken = default) => _role.Messenger.SendValueAsync(value, cancellationToken);

    /// <inheritdoc cref="WorkerProcess.SendValueAsync(object?, Socket, CancellationToken)"/>
    public ValueTask SendValueAsync(object? value, Socket socket, CancellationToken cancellationToken = default)
        => _role.Messenger.SendValueAsync(value, socket, cancellationToken);

    /// <summary>
    /// Closes the channel, when all that was sent is written. Returns at once; a second call does nothing. Node's <c>process.disconnect()</c>.
    /// </summary>
    public void Disconnect() => _role.Disconnect();

    /// <summary>Ends when the channel is closed.</summary>
    public Task WaitForDisconnectAsync(CancellationToken cancellationToken = default) => _disconnected.Task.WaitAsync(cancellationToken);

    internal void RaiseMessage(ClusterMessage message) => UserCode.Raise(_messageReceived, this, new ClusterMessageEventArgs(message));

    internal void RaiseError(Exception exception) => UserCode.Raise(Error, this, new ErrorEventArgs(exception));

    internal void RaiseDisconnected()
    {
        UserCode.Raise(Disconnected, this);
        _disconnected.TrySetResult();
    }
}
