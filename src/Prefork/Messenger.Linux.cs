using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Prefork.Ipc;
using Prefork.Native;
using Prefork.Values;

namespace Prefork;

/// <summary>
/// What users say to each other over a channel: messages, sockets on messages, requests and replies. The same at both ends.
/// </summary>
/// <remarks>
/// Reads on the loop, hands to the dispatcher, and holds the peer back while more than a bound is undelivered.
/// Messages that nobody listens for are kept, up to a bound, until somebody does.
/// </remarks>
internal sealed class Messenger
{
    private const int HoldBackAt = 8 * 1024 * 1024;
    private const int MaxKeptBytes = 64 * 1024 * 1024;

    /// <summary>What a message counts for beside its bytes: 4,096 of the smallest are as many as may wait.</summary>
    private const int MessageWeight = 2 * 1024;

    /// <summary>What a socket on a message counts for: descriptors are scarcer than memory.</summary>
    private const int SocketWeight = 512 * 1024;

    /// <summary>Requests whose handlers have begun and not ended, by weight, at which further ones are refused: about 30,000 small ones.</summary>
    private const long MaxBeingAnswered = 64 * 1024 * 1024;

    private readonly EventLoop _loop;
    private readonly Dispatcher _dispatcher;
    private readonly Channel _channel;
    private readonly IMessengerOwner _owner;
    private readonly int _maxKept;
    private readonly Queue<ClusterMessage> _kept = new();
    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonElement>> _requests = new();
    private readonly ConcurrentDictionary<long, CancellationTokenSource> _answering = new();
    private long _lastRequest;
    private long _beingAnswered;
    private long _undelivered;
    private bool _heldBack;
    private bool _reportedDrop;
    private long _keptBytes;

    internal Messenger(EventLoop loop, Dispatcher dispatcher, Channel channel, IMessengerOwner owner, int maxKept)
    {
        _loop = loop;
        _dispatcher = dispatcher;
        _channel = channel;
        _owner = owner;
        _maxKept = maxKept;
    }

    internal ValueTask SendAsync<T>(T message, JsonTypeInfo<T> typeInfo, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var writer = LineWriter.Start();
        writer.WriteValue(message, typeInfo);
        return _channel.SendAsync(writer.EndLine(), cancellation: cancellation);
    }

    /// <summary>Sends a duplicate of the socket's descriptor: the socket stays the caller's, who may dispose it when this returns.</summary>
    internal ValueTask SendAsync<T>(T message, Socket socket, JsonTypeInfo<T> typeInfo, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(socket);
        cancellation.ThrowIfCancellationRequested();
        var writer = LineWriter.Start();
        writer.BeginHandle(PassedSocket.TypeOf(socket));
        writer.WriteValue(message, typeInfo);
        if (socket.SocketType == SocketType.Dgram)
        {
            writer.Json.WriteString("dgramType"u8, socket.AddressFamily == AddressFamily.InterNetworkV6 ? "udp6"u8 : "udp4"u8);
        }

        writer.Json.WriteEndObject();
        return _channel.SendAsync(writer.EndLine(), PassedSocket.Duplicate(socket), cancellation: cancellation);
    }

    /// <summary>Sends a tree of values, which only an 'advanced' channel can carry.</summary>
    internal ValueTask SendValueAsync(object? value, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return _channel.SendFrameAsync(ValueFrame(value), null, cancellation);
    }

    /// <inheritdoc cref="SendAsync{T}(T, Socket, JsonTypeInfo{T}, CancellationToken)"/>
    internal ValueTask SendValueAsync(object? value, Socket socket, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(socket);
        cancellation.ThrowIfCancellationRequested();
        var message = new JsObject { ["cmd"] = NodeCommand.Handle, ["type"] = PassedSocket.TypeOf(socket), ["msg"] = value };
        if (socket.SocketType == SocketType.Dgram)
        {
            message["dgramType"] = socket.AddressFamily == AddressFamily.InterNetworkV6 ? "udp6" : "udp4";
        }

        return _channel.SendFrameAsync(ValueFrame(message), PassedSocket.Duplicate(socket), cancellation);
    }

    private ReadOnlySpan<byte> ValueFrame(object? value)
    {
        if (_channel.Serialization != ChannelSerialization.Advanced)
        {
            throw new InvalidOperationException(
                $"This channel's messages are JSON, which cannot carry a tree of values. Set {nameof(ClusterSettings)}.{nameof(ClusterSettings.Serialization)} to {nameof(ChannelSerialization.Advanced)} (Node: serialization: 'advanced') in the primary, or send a typed message.");
        }

        if (value is JsUndefined)
        {
            throw new ArgumentException("Undefined is no message; null is.", nameof(value));
        }

        var frame = FrameWriter.Start();
        new ValueWriter(frame).Write(value);
        return frame.End();
    }

    internal ValueTask SendRelayedAsync(int from, JsonElement body)
    {
        var writer = StartPrefork("message");
        writer.Json.WriteNumber("from"u8, from);
        WriteBody(writer, body);
        return _channel.SendAsync(writer.EndLine());
    }

    /// <summary>Sends a value as a user's message, as it is.</summary>
    internal ValueTask SendRawAsync(JsonElement body)
    {
        var writer = LineWriter.Start();
        body.WriteTo(writer.Json);
        return _channel.SendAsync(writer.EndLine());
    }

    /// <param name="act">"request" for a handler by name, "send" for a message to the worker <paramref name="to"/>.</param>
    /// <exception cref="TimeoutException">No reply in time.</exception>
    internal async Task<JsonElement> RequestAsync<TRequest>(
        string act, string? name, int? to, TRequest request, JsonTypeInfo<TRequest> requestType, TimeSpan? timeout, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var deadline = timeout is null ? null : CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline?.CancelAfter(timeout!.Value);
        var giveUp = deadline?.Token ?? cancellation;
        var id = Interlocked.Increment(ref _lastRequest);
        var reply = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        _requests[id] = reply;
        try
        {
            await SentAsync(_channel.SendAsync(RequestLine(act, id, name, to, request, requestType), cancellation: giveUp), giveUp).ConfigureAwait(false);
            return await reply.Task.WaitAsync(giveUp).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (giveUp.IsCancellationRequested)
        {
            SendPrefork("cancel", id);
            cancellation.ThrowIfCancellationRequested();
            throw new TimeoutException($"No reply to {(name is null ? act : $"request '{name}'")} within {timeout}.", exception);
        }
        finally
        {
            _requests.TryRemove(id, out _);
        }
    }

    /// <summary>A message of the user's. On the loop; takes ownership of <paramref name="handle"/>.</summary>
    internal void OnMessage(ReadOnlySpan<byte> body, ValueFormat format, FileDescriptor? handle)
        => Deliver(new ClusterMessage(this, body.ToArray(), format, handle, null));

    /// <summary>One of our own messages, to a peer that knows them. On the loop.</summary>
    internal void OnPreforkMessage(ReadOnlySpan<byte> json, IPreforkPeer peer)
    {
        var frame = JsonSerializer.Deserialize(json, FrameJsonContext.Default.PreforkFrame) ?? throw new JsonException("The message is null.");
        switch (frame.Act)
        {
            case "message":
                Deliver(new ClusterMessage(this, frame.Body.ValueKind == JsonValueKind.Undefined ? "null"u8.ToArray() : JsonSerializer.SerializeToUtf8Bytes(frame.Body, FrameJsonContext.Default.JsonElement), default, null, frame.From));
                break;
            case "request" or "send":
                OnRequest(frame, MessageWeight + json.Length, peer);
                break;
            case "cancel":
                if (_answering.TryGetValue(frame.Id, out var answering))
                {
                    Cancel(answering);
                }

                break;
            case "reply" when _requests.TryRemove(frame.Id, out var request):
                request.TrySetResult(frame.Body);
                break;
            case "error" when _requests.TryRemove(frame.Id, out var request):
                request.TrySetException(new ClusterRequestException(frame.Error ?? "The request failed."));
                break;
            default:
                peer.OnControl(frame);
                break;
        }
    }

    /// <summary>
    /// A request holds its channel back until its handler begins, like any message; not longer, for what ends a handler may be behind it:
    /// a cancellation, a disconnect, the reply to a request of its own. Those that have begun are bounded by refusing more.
    /// </summary>
    private void OnRequest(PreforkFrame frame, int weight, IPreforkPeer peer)
    {
        if (Volatile.Read(ref _beingAnswered) > MaxBeingAnswered)
        {
            _ = SendErrorAsync(frame.Id, new ClusterRequestException("Too many requests are being answered already; ask again when some have been."));
            return;
        }

        Interlocked.Add(ref _beingAnswered, weight);
        Count(weight);
        var cancellation = new CancellationTokenSource();
        _answering[frame.Id] = cancellation;
        _dispatcher.Post(() =>
        {
            Delivered(weight);
            _ = AnswerAsync(frame, weight, peer, cancellation);
        });
    }

    /// <summary>Somebody listens now: delivers what was kept.</summary>
    internal void DeliverKept() => _dispatcher.Post(() =>
    {
        while (_owner.HasMessageListener && _kept.TryDequeue(out var message))
        {
            _keptBytes -= Weight(message);
            Raise(message);
        }
    });

    /// <summary>The channel is gone: whoever waits for a reply hears so.</summary>
    internal void OnClosed(Exception? reason)
    {
        foreach (var id in _requests.Keys)
        {
            if (_requests.TryRemove(id, out var request))
            {
                request.TrySetException(new ClusterChannelClosedException("The channel closed before the reply came.", reason));
            }
        }

        foreach (var answering in _answering.Values)
        {
            Cancel(answering);
        }
    }

    /// <summary>A line that has begun to go out goes out whole, however long the peer takes to read it. Whoever gives up does not wait for that.</summary>
    private static Task SentAsync(ValueTask sending, CancellationToken giveUp)
    {
        var sent = sending.AsTask();
        if (sent.IsCompleted)
        {
            return sent;
        }

        _ = sent.ContinueWith(
            static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return sent.WaitAsync(giveUp);
    }

    private static void Cancel(CancellationTokenSource answering)
    {
        try
        {
            _ = answering.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // Its handler has ended in this instant, on another thread.
        }
    }

    private static ReadOnlySpan<byte> RequestLine<TRequest>(string act, long id, string? name, int? to, TRequest request, JsonTypeInfo<TRequest> requestType)
    {
        var writer = StartPrefork(act);
        writer.Json.WriteNumber("id"u8, id);
        if (name is not null)
        {
            writer.Json.WriteString("name"u8, name);
        }

        if (to is { } target)
        {
            writer.Json.WriteNumber("to"u8, target);
        }

        writer.Json.WritePropertyName("body"u8);
        writer.WriteValue(request, requestType);
        writer.Json.WriteEndObject();
        return writer.EndLine();
    }

    private void Deliver(ClusterMessage message)
    {
        Count(Weight(message));
        _dispatcher.Post(message);
    }

    /// <summary>An event that the peer's message of that length causes: it waits, and holds the peer back, as a user's message does.</summary>
    internal void Post(int length, Action raise)
    {
        var weight = MessageWeight + length;
        Count(weight);
        _dispatcher.Post(() =>
        {
            Delivered(weight);
            raise();
        });
    }

    /// <summary>A message's turn has come. By the dispatcher.</summary>
    internal void Run(ClusterMessage message)
    {
        Delivered(Weight(message));
        if (_owner.HasMessageListener && _kept.Count == 0)
        {
            Raise(message);
        }
        else
        {
            Keep(message);
        }
    }

    private void Raise(ClusterMessage message)
    {
        _owner.RaiseMessage(message);
        message.CloseUnclaimed();
    }

    private void Keep(ClusterMessage message)
    {
        if (_kept.Count < _maxKept && _keptBytes + Weight(message) <= MaxKeptBytes)
        {
            _keptBytes += Weight(message);
            _kept.Enqueue(message);
            return;
        }

        message.CloseUnclaimed();
        if (!_reportedDrop)
        {
            _reportedDrop = true;
            _owner.RaiseError(new InvalidOperationException(
                $"Nobody listens for messages, and {_kept.Count} are kept already ({_keptBytes} bytes): further ones are dropped. Add a handler for MessageReceived, or raise {nameof(ClusterSettings.MaxKeptMessages)}."));
        }
    }

    private void Count(int weight)
    {
        if (Interlocked.Add(ref _undelivered, weight) >= HoldBackAt && !_heldBack)
        {
            _heldBack = true;
            _channel.PauseReading();
        }
    }

    private void Delivered(int weight)
    {
        if (Interlocked.Add(ref _undelivered, -weight) < HoldBackAt / 2 && Volatile.Read(ref _heldBack))
        {
            _loop.Post(() =>
            {
                if (_heldBack && Volatile.Read(ref _undelivered) < HoldBackAt / 2)
                {
                    _heldBack = false;
                    _channel.ResumeReading();
                }
            });
        }
    }

    private static int Weight(ClusterMessage message) => MessageWeight + message.Length + (message.HasSocket ? SocketWeight : 0);

    private async Task AnswerAsync(PreforkFrame frame, int weight, IPreforkPeer peer, CancellationTokenSource cancellation)
    {
        try
        {
            var writeReply = await peer.AnswerAsync(frame, cancellation.Token).ConfigureAwait(false);
            await _channel.SendAsync(ReplyLine(frame.Id, writeReply), cancellation: CancellationToken.None).ConfigureAwait(false);
        }
        catch (ClusterChannelClosedException)
        {
            // Whoever asked is gone.
        }
        catch (Exception exception)
        {
            // The handler's failure is the asker's to see, not ours.
            await SendErrorAsync(frame.Id, exception).ConfigureAwait(false);
        }
        finally
        {
            _answering.TryRemove(frame.Id, out _);
            cancellation.Dispose();
            Interlocked.Add(ref _beingAnswered, -weight);
        }
    }

    private static ReadOnlySpan<byte> ReplyLine(long id, Action<LineWriter> writeReply)
    {
        var writer = StartPrefork("reply");
        writer.Json.WriteNumber("id"u8, id);
        writer.Json.WritePropertyName("body"u8);
        writeReply(writer);
        writer.Json.WriteEndObject();
        return writer.EndLine();
    }

    private async Task SendErrorAsync(long id, Exception exception)
    {
        try
        {
            await _channel.SendAsync(ErrorLine(id, exception)).ConfigureAwait(false);
        }
        catch (ClusterChannelClosedException)
        {
            // Whoever asked is gone.
        }
    }

    private static ReadOnlySpan<byte> ErrorLine(long id, Exception exception)
    {
        var writer = StartPrefork("error");
        writer.Json.WriteNumber("id"u8, id);
        writer.Json.WriteString("error"u8, exception is ClusterRequestException ? exception.Message : $"{exception.GetType().Name}: {exception.Message}");
        writer.Json.WriteEndObject();
        return writer.EndLine();
    }

    private void SendPrefork(string act, long id)
    {
        var writer = StartPrefork(act);
        writer.Json.WriteNumber("id"u8, id);
        writer.Json.WriteEndObject();
        _channel.Send(writer.EndLine());
    }

    private static LineWriter StartPrefork(string act)
    {
        var writer = LineWriter.Start();
        writer.Json.WriteStartObject();
        writer.Json.WriteString("cmd"u8, "NODE_PREFORK"u8);
        writer.Json.WriteString("act"u8, act);
        return writer;
    }

    private static void WriteBody(LineWriter writer, JsonElement body)
    {
        writer.Json.WritePropertyName("body"u8);
        body.WriteTo(writer.Json);
        writer.Json.WriteEndObject();
    }
}

/// <summary>Whose messenger it is: the primary's view of a worker, the worker itself, or a child that is no worker.</summary>
internal interface IMessengerOwner
{
    bool HasMessageListener { get; }

    void RaiseMessage(ClusterMessage message);

    void RaiseError(Exception exception);
}

/// <summary>One that has .NET at the other end, perhaps, and with it what Node does not have.</summary>
internal interface IPreforkPeer : IMessengerOwner
{
    /// <summary>A message that is neither of users nor about theirs. On the loop; one that is not known is ignored.</summary>
    void OnControl(PreforkFrame frame);

    /// <summary>Answers a request, or passes a message on; the result writes the reply's body.</summary>
    ValueTask<Action<LineWriter>> AnswerAsync(PreforkFrame frame, CancellationToken cancellation);
}
