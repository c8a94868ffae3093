using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Prefork.Loop;
using Prefork.Messages;
using Prefork.Primary;
using Prefork.Worker;

namespace Prefork;

/// <summary>
/// This process, being a worker: Node's <c>cluster.worker</c>. Events come one at a time, in order, on a thread of the cluster's own.
/// </summary>
public sealed class ClusterWorker
{
    private readonly WorkerRole _role;
    private readonly CancellationTokenSource _leaving = new();
    private readonly TaskCompletionSource _disconnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EventHandler<ClusterMessageEventArgs>? _messageReceived;

    internal ClusterWorker(WorkerRole role, int id)
    {
        _role = role;
        Id = id;
    }

    /// <summary>
    /// A message for this worker, from the primary or by way of it from another worker (<see cref="ClusterMessage.From"/>).
    /// Messages that come while nobody listens are kept and delivered to the first who does.
    /// </summary>
    public event EventHandler<ClusterMessageEventArgs>? MessageReceived
    {
        add
        {
            lock (_leaving)
            {
                _messageReceived += value;
            }

            _role.Messenger.DeliverKept();
        }

        remove
        {
            lock (_leaving)
            {
                _messageReceived -= value;
            }
        }
    }

    /// <summary>
    /// The channel is closed. When that was not asked for (the primary died), the process exits with code 0 right after the handlers,
    /// which have 200 ms, unless <see cref="ExitOnDisconnect"/> is false. When this worker has closed it for a message that it could not take, the
    /// code is 76. The code is decided before, and no handler changes it.
    /// </summary>
    public event EventHandler? Disconnected;

    /// <summary>The primary broke the protocol, or messages were dropped that nobody listened for.</summary>
    public event EventHandler<WorkerErrorEventArgs>? Error;

    /// <summary><see cref="WorkerCount"/> or <see cref="IsLeader"/> has changed.</summary>
    public event EventHandler? ContextChanged;

    /// <summary>The id by which the primary knows this worker.</summary>
    public int Id { get; }

    /// <summary>Whether the channel is open.</summary>
    public bool IsConnected => _role.IsConnected;

    /// <summary>
    /// How many workers share the work now, this one among them: those that have been forked, and have neither ended nor been asked to leave.
    /// While workers are replaced it is larger for a moment. A worker that leaves hears of no more changes.
    /// </summary>
    /// <remarks>1 until the primary has said it, which is before the first <see cref="Cluster.ListenAsync(int, ListenOptions?, CancellationToken)"/> ends. Always 1 under a Node primary.</remarks>
    public int WorkerCount => _role.Context.WorkerCount;

    /// <summary>
    /// How many of the workers that <see cref="WorkerCount"/> counts are of this one's generation: during a reload those of the one before are not counted.
    /// </summary>
    /// <remarks>As <see cref="WorkerCount"/>. The same as that under a primary that does not say.</remarks>
    public int WorkerCountOfGeneration => _role.Context.OfGeneration;

    /// <summary>Which generation of workers this one is of: <c>PREFORK_GENERATION</c> in the environment of its fork.</summary>
    /// <remarks>Default: 0.</remarks>
    public int Generation => _role.Context.Generation;

    /// <summary>
    /// Whether this worker leads. At most one worker of a cluster does; it does until it is to leave, resigns or ends, and then another one does.
    /// For a quick look: work that only one worker may do is done under <see cref="WaitForLeadershipAsync"/>.
    /// </summary>
    /// <remarks>Always false under a Node primary.</remarks>
    public bool IsLeader => _role.Context.IsLeader;

    /// <summary>
    /// 32 random bytes that all .NET workers of a primary have, and nobody else: for keys that they are to share. Another primary has another secret.
    /// Derive a key for each use (<see cref="System.Security.Cryptography.HKDF"/>). ASP.NET Core's TLS session tickets are kept under one such key.
    /// </summary>
    /// <remarks>Empty until the primary has told it, which is before the first <see cref="Cluster.ListenAsync(int, ListenOptions?, CancellationToken)"/> ends. Always empty under a Node primary.</remarks>
    public ReadOnlyMemory<byte> SharedSecret => _role.Context.SharedSecret;

    /// <summary>True once a graceful leave has begun, from either side; null before. Node's <c>exitedAfterDisconnect</c>.</summary>
    public bool? ExitedAfterDisconnect => _role.IsLeaving ? true : null;

    /// <summary>Cancelled when this worker is to leave: asked by the primary, by <see cref="Disconnect"/>, or because the channel is gone.</summary>
    public CancellationToken Leaving => _leaving.Token;

    /// <summary>Whether the process exits when the channel is lost without a graceful leave: the primary has died, and no orphan shall live on.</summary>
    /// <remarks>Default: true.</remarks>
    public bool ExitOnDisconnect { get; set; } = true;

    internal bool HasMessageListener => _messageReceived is not null;

    /// <summary>Sends a message to the primary, written by reflection with names in camel case.</summary>
    /// <inheritdoc cref="SendAsync{T}(T, JsonTypeInfo{T}, CancellationToken)"/>
    [RequiresUnreferencedCode(Reflected.Reason)]
    [RequiresDynamicCode(Reflected.Reason)]
    public ValueTask SendAsync<T>(T message, CancellationToken cancellationToken = default)
        => SendAsync(message, Reflected.TypeInfo<T>(), cancellationToken);

    /// <summary>Sends a message to the primary. Order is kept. The task ends when the kernel has the bytes.</summary>
    /// <exception cref="JsonException">The message cannot be serialised.</exception>
    /// <exception cref="NotSupportedException">The message cannot be serialised.</exception>
    /// <exception cref="ArgumentException">It is larger than the primary's <see cref="ClusterSettings.MaxMessageSize"/>, or nested deeper than 4,096 levels. It was not sent, and the channel lives.</exception>
    /// <exception cref="ClusterChannelClosedException">The channel is closed.</exception>
    public ValueTask SendAsync<T>(T message, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken = default)
        => _role.Messenger.SendAsync(message, typeInfo, cancellationToken);

    /// <inheritdoc cref="WorkerProcess.SendValueAsync(object?, CancellationToken)"/>
    public ValueTask SendValueAsync(object? value, CancellationToken cancellationToken = default) => _role.Messenger.SendValueAsync(value, cancellationToken);

    /// <inheritdoc cref="WorkerProcess.SendValueAsync(object?, Socket, CancellationToken)"/>
    public ValueTask SendValueAsync(object? value, Socket socket, CancellationToken cancellationToken = default)
        => _role.Messenger.SendValueAsync(value, socket, cancellationToken);

    /// <summary>Sends a message with a socket, written by reflection with names in camel case.</summary>
    /// <inheritdoc cref="WorkerProcess.SendAsync{T}(T, Socket, JsonTypeInfo{T}, CancellationToken)"/>
    [RequiresUnreferencedCode(Reflected.Reason)]
    [RequiresDynamicCode(Reflected.Reason)]
    public ValueTask SendAsync<T>(T message, Socket socket, CancellationToken cancellationToken = default)
        => SendAsync(message, socket, Reflected.TypeInfo<T>(), cancellationToken);

    /// <inheritdoc cref="WorkerProcess.SendAsync{T}(T, Socket, JsonTypeInfo{T}, CancellationToken)"/>
    public ValueTask SendAsync<T>(T message, Socket socket, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken = default)
        => _role.Messenger.SendAsync(message, socket, typeInfo, cancellationToken);

    /// <summary>Sends a message to another worker, by reflection; names in camel case.</summary>
    /// <inheritdoc cref="SendToAsync{T}(int, T, JsonTypeInfo{T}, CancellationToken)"/>
    [RequiresUnreferencedCode(Reflected.Reason)]
    [RequiresDynamicCode(Reflected.Reason)]
    public Task SendToAsync<T>(int workerId, T message, CancellationToken cancellationToken = default)
        => SendToAsync(workerId, message, Reflected.TypeInfo<T>(), cancellationToken);

    /// <summary>Sends a message to another worker by way of the primary. The task ends when that worker's channel has it.</summary>
    /// <exception cref="ClusterRequestException">
    /// There is no such worker, or it is disconnected; or it is a Node worker, and the message is an object whose <c>cmd</c> begins with <c>NODE_</c>: those are Node's own.
    /// </exception>
    /// <exception cref="ClusterChannelClosedException">This worker's channel is closed.</exception>
    public Task SendToAsync<T>(int workerId, T message, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken = default)
        => _role.Messenger.RequestAsync("send", null, workerId, message, typeInfo, null, cancellationToken);

    /// <summary>Asks the primary, by reflection; names in camel case.</summary>
    /// <inheritdoc cref="RequestAsync{TRequest, TReply}(string, TRequest, JsonTypeInfo{TRequest}, JsonTypeInfo{TReply}, TimeSpan?, CancellationToken)"/>
    [RequiresUnreferencedCode(Reflected.Reason)]
    [RequiresDynamicCode(Reflected.Reason)]
    public Task<TReply?> RequestAsync<TRequest, TReply>(string name, TRequest request, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        => RequestAsync(name, request, Reflected.TypeInfo<TRequest>(), Reflected.TypeInfo<TReply>(), timeout, cancellationToken);

    /// <summary>Asks the primary's handler of that name (<see cref="Cluster.OnRequest{TRequest, TReply}(string, Func{WorkerProcess, TRequest, CancellationToken, ValueTask{TReply}})"/>).</summary>
    /// <inheritdoc cref="WorkerProcess.RequestAsync{TRequest, TReply}(string, TRequest, JsonTypeInfo{TRequest}, JsonTypeInfo{TReply}, TimeSpan?, CancellationToken)"/>
    public async Task<TReply?> RequestAsync<TRequest, TReply>(
        string name,
        TRequest request,
        JsonTypeInfo<TRequest> requestType,
        JsonTypeInfo<TReply> replyType,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        var reply = await _role.Messenger.RequestAsync("request", name, null, request, requestType, timeout, cancellationToken).ConfigureAwait(false);
        return reply.Deserialize(replyType);
    }

    /// <summary>Answers the primary's requests of that name, by reflection; names in camel case.</summary>
    /// <inheritdoc cref="OnRequest{TRequest, TReply}(string, Func{TRequest, CancellationToken, ValueTask{TReply}}, JsonTypeInfo{TRequest}, JsonTypeInfo{TReply})"/>
    [RequiresUnreferencedCode(Reflected.Reason)]
    [RequiresDynamicCode(Reflected.Reason)]
    public void OnRequest<TRequest, TReply>(string name, Func<TRequest?, CancellationToken, ValueTask<TReply>> handler)
        => OnRequest(name, handler, Reflected.TypeInfo<TRequest>(), Reflected.TypeInfo<TReply>());

    /// <summary>Answers the primary's requests of that name. What the handler throws reaches whoever asked.</summary>
    /// <exception cref="InvalidOperationException">There is a handler of that name already.</exception>
    public void OnRequest<TRequest, TReply>(
        string name, Func<TRequest?, CancellationToken, ValueTask<TReply>> handler, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TReply> replyType)
    {
        ArgumentNullException.ThrowIfNull(handler);
        _role.RequestHandlers.Add(name, (_, request, cancellation) => handler(request, cancellation), requestType, replyType);
    }

    /// <summary>
    /// Tells the primary that this worker may be given traffic: it has started, and whatever it depends on answers. Only the first call counts.
    /// Under ASP.NET Core <c>UseCluster()</c> does it. A Node primary ignores it.
    /// </summary>
    public void SetReady() => _role.SetReady();

    /// <summary>
    /// Tells the primary, before the first listener, that <see cref="SetReady"/> will be called: until then this worker is not ready, though it listens.
    /// Under ASP.NET Core <c>UseCluster()</c> does it.
    /// </summary>
    public void ExpectReady() => _role.ExpectReady(null);

    /// <summary>The same, and says what this worker waits for: the primary names it when the start takes long. A later call says something else.</summary>
    /// <param name="waitsFor">As in "its database" or "its health check 'db'"; the first 300 characters are told.</param>
    public void ExpectReady(string waitsFor)
    {
        ArgumentException.ThrowIfNullOrEmpty(waitsFor);
        _role.ExpectReady(waitsFor);
    }

    /// <summary>
    /// Counts a request that this worker begins to serve, for <see cref="WorkerProcess.Requests"/>. Cheap: no message, no system call.
    /// Under ASP.NET Core <c>UseCluster()</c> does it.
    /// </summary>
    public void CountRequest() => _role.CountRequest();

    /// <summary>
    /// Leaves gracefully: listeners stop, connections are served to their end, the channel closes. The process goes on until its program ends.
    /// Returns at once; a second call does nothing. Node's <c>worker.disconnect()</c> in a worker.
    /// </summary>
    public void Disconnect() => _role.Leave(announce: true);

    /// <summary>
    /// Ends this process with exit code 0 as a voluntary leave, without waiting for connections. Node's <c>worker.kill()</c> in a worker.
    /// </summary>
    public void Kill() => _role.Kill();

    /// <summary>
    /// Ends when this worker leads, with a leadership that no other worker has before it is disposed or this process has ended. May be called
    /// many times; the next worker leads when all leaderships of this one are disposed.
    /// </summary>
    /// <exception cref="ClusterChannelClosedException">This worker is leaving, has resigned, or has lost its primary: it will not lead.</exception>
    public Task<ClusterLeadership> WaitForLeadershipAsync(CancellationToken cancellationToken = default)
        => _role.Context.WaitForLeadershipAsync(cancellationToken);

    /// <summary>
    /// Gives up leading, now and for good: <see cref="IsLeader"/> is false, <see cref="ClusterLeadership.Ending"/> is cancelled, and when all
    /// leaderships are disposed another worker leads. A leave does this by itself; call it when the program stops for another reason.
    /// Returns at once; a second call does nothing.
    /// </summary>
    public void ResignLeadership() => _role.Context.StepDown();

    /// <summary>
    /// Asks whether this worker is the first in the primary's life to claim that name: for what is to be done or said once and not by every worker.
    /// A claim cannot be given back: if the worker dies at it, it stays undone. Work that must go on is for who leads.
    /// </summary>
    /// <param name="name">What it is; 256 characters at most. The primary keeps 4,096 names; claims of more are not granted.</param>
    /// <param name="cancellationToken">Ends the wait. Under a Node primary nobody answers.</param>
    /// <exception cref="ClusterChannelClosedException">The channel is or gets closed.</exception>
    public async Task<bool> TryClaimAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(name.Length, Claims.MaxNameLength, nameof(name));
        using var document = JsonDocument.Parse($"\"{JsonEncodedText.Encode(name)}\"");
        var reply = await _role.Messenger.RequestAsync(
            "request", Claims.RequestName, null, document.RootElement, Wire.FrameJsonContext.Default.JsonElement, null, cancellationToken).ConfigureAwait(false);
        return reply.ValueKind == JsonValueKind.True;
    }

    /// <summary>Ends when the channel is closed.</summary>
    public Task WaitForDisconnectAsync(CancellationToken cancellationToken = default) => _disconnected.Task.WaitAsync(cancellationToken);

    internal void RaiseContextChanged() => UserCode.Raise(ContextChanged, this);

    internal void RaiseLeaving() => UserCode.Cancel(_leaving);

    internal void RaiseMessage(ClusterMessage message) => UserCode.Raise(_messageReceived, this, new ClusterMessageEventArgs(message));

    internal void RaiseError(Exception exception) => UserCode.Raise(Error, this, new WorkerErrorEventArgs(null, exception));

    internal void RaiseDisconnected()
    {
        UserCode.Raise(Disconnected, this);
        _disconnected.TrySetResult();
    }
}
