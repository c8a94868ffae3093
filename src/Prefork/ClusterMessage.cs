using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Prefork.Ipc;
using Prefork.Native;

namespace Prefork;

/// <summary>A message as it came, read when asked.</summary>
public sealed class ClusterMessage : IDispatched
{
    private readonly Messenger _messenger;
    private FileDescriptor? _handle;

    internal ClusterMessage(Messenger messenger, ReadOnlyMemory<byte> json, FileDescriptor? handle, int? from)
    {
        _messenger = messenger;
        Utf8Json = json;
        From = from;
        _handle = handle;
        HasSocket = handle is not null;
    }

    /// <summary>The message's JSON text, in UTF-8.</summary>
    public ReadOnlyMemory<byte> Utf8Json { get; }

    /// <summary>The id of the worker that sent it by <see cref="ClusterWorker.SendToAsync{T}(int, T, CancellationToken)"/>; null for what comes from the other end of the channel.</summary>
    public int? From { get; }

    /// <summary>Whether a socket came with the message.</summary>
    public bool HasSocket { get; }

    /// <summary>Reads the value.</summary>
    /// <exception cref="JsonException">The message is not a <typeparamref name="T"/>.</exception>
    public T? Get<T>(JsonTypeInfo<T> typeInfo) => JsonSerializer.Deserialize(Utf8Json.Span, typeInfo);

    /// <summary>Reads the value by reflection, with names in camel case (<see cref="JsonSerializerDefaults.Web"/>).</summary>
    /// <exception cref="JsonException">The message is not a <typeparamref name="T"/>.</exception>
    [RequiresUnreferencedCode(Reflected.Reason)]
    [RequiresDynamicCode(Reflected.Reason)]
    public T? Get<T>() => Get(Reflected.TypeInfo<T>());

    /// <summary>
    /// Takes the socket that came with the message: connected, listening or UDP. It is the caller's to dispose.
    /// Not taken by the time the event handlers have returned (the first await of an async one), it is closed.
    /// </summary>
    /// <returns>The socket; null when none came, or it has been taken or closed.</returns>
    public Socket? TakeSocket()
    {
        var handle = Interlocked.Exchange(ref _handle, null);
        return handle is null ? null : new Socket(new SafeSocketHandle(handle.Release(), ownsHandle: true));
    }

    void IDispatched.Run() => _messenger.Run(this);

    /// <summary>Closes the descriptor if nobody took it.</summary>
    internal void CloseUnclaimed() => Interlocked.Exchange(ref _handle, null)?.Dispose();
}
