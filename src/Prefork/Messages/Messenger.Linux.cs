using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Prefork.Loop;
using Prefork.Native;
using Prefork.Values;
using Prefork.Wire;

namespace Prefork.Messages;

/// <summary>
/// What users say to each other over a channel: messages, sockets on messages, requests and replies. The same at both ends.
/// </summary>
/// <remarks>
/// Reads on the loop, hands to the dispatcher, and holds the peer back while more than a bound is undelivered.
/// Messages that nobody listens for are kept, up to a bound, until somebody does.
/// </remarks>
internal sealed partial class Messenger
{
    private const int HoldBackAt = 8 * 1024 * 1024;

    /// <summary>What a message counts for beside its bytes: 4,096 of the smallest are as many as may wait.</summary>
    private const int MessageWeight = 2 * 1024;

    /// <summary>What a socket on a message counts for: descriptors are scarcer than memory.</summary>
    private const int SocketWeight = 512 * 1024;

    private readonly EventLoop _loop;
    private readonly Dispatcher _dispatcher;
    private readonly Channel _channel;
    private readonly IMessengerOwner _owner;
    private readonly KeptMessages _kept;
    private long _undelivered;
    private bool _heldBack;

    internal Messenger(EventLoop loop, Dispatcher dispatcher, Channel channel, IMessengerOwner owner, int maxKept)
    {
        _loop = loop;
        _dispatcher = dispatcher;
        _channel = channel;
        _owner = owner;
        _kept = new KeptMessages(maxKept, dispatcher, TimeProvider.System, owner.RaiseError);
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
        var line = writer.EndLine();
        return MessageHeader.Read(line).Command is { } command
            ? throw new ClusterRequestException($"A message whose cmd is {command} would be Node's own to its receiver, and is not passed on.")
            : _channel.SendAsync(line);
    }

    /// <summary>Closes what the peer has sent and nobody wants; it counts as undelivered until it is closed. On any thread.</summary>
    internal void Discard(FileDescriptor handle)
    {
        if (!Closer.IsElsewhere)
        {
            // Whoever calls may wait; the loop, to which the rest is posted, may not.
            handle.Dispose();
            return;
        }

        _loop.Post(() =>
        {
            Count(SocketWeight);
            _channel.Closer.CloseForeign(handle, () => Delivered(SocketWeight));
        });
    }

    /// <summary>A message of the user's. On the loop; takes ownership of <paramref name="handle"/>.</summary>
    internal void OnMessage(ReadOnlySpan<byte> body, ValueFormat format, FileDescriptor? handle)
        => Deliver(new ClusterMessage(this, body.ToArray(), format, handle, null));

    /// <summary>A message of another worker's, by way of the primary, which alone may say so. On the loop.</summary>
    internal void OnRelayed(PreforkFrame frame)
        => Deliver(new ClusterMessage(
            this,
            frame.Body.ValueKind == JsonValueKind.Undefined ? "null"u8.ToArray() : JsonSerializer.SerializeToUtf8Bytes(frame.Body, FrameJsonContext.Default.JsonElement),
            default,
            null,
            frame.From));

    /// <summary>Somebody listens now: delivers what was kept.</summary>
    internal void DeliverKept() => _dispatcher.Post(() =>
    {
        while (_owner.HasMessageListener && _kept.TryTake(out var message))
        {
            Raise(message);
        }
    });

    /// <summary>The peer has ended: sockets on messages that nobody has taken are of no use any more. By the dispatcher.</summary>
    internal void CloseKeptSockets() => _kept.Dispose();

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

    private void Deliver(ClusterMessage message)
    {
        Count(message.Weight);
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
        Delivered(message.Weight);
        if (_owner.HasMessageListener && _kept.Count == 0)
        {
            Raise(message);
        }
        else
        {
            _kept.Add(message);
        }
    }

    private void Raise(ClusterMessage message)
    {
        _owner.RaiseMessage(message);
        message.CloseUnclaimed();
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

    /// <summary>What a message counts for while it waits.</summary>
    internal static int WeightOf(int length, bool hasSocket) => MessageWeight + length + (hasSocket ? SocketWeight : 0);

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
