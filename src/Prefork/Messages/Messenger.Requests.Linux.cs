using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Prefork.Wire;

namespace Prefork.Messages;

/// <remarks>Requests and replies, which only .NET peers have.</remarks>
internal sealed partial class Messenger
{
    /// <summary>Requests whose handlers have begun and not ended, by weight, at which further ones are refused: about 30,000 small ones.</summary>
    private const long MaxBeingAnswered = 64 * 1024 * 1024;

    /// <summary>What is told of a handler's exception, in characters; its message may have anything in it.</summary>
    private const int MaxErrorLength = 16 * 1024;

    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonElement>> _requests = new();
    private readonly ConcurrentDictionary<long, CancellationTokenSource> _answering = new();
    private long _lastRequest;
    private long _beingAnswered;

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

    /// <summary>One of our own messages, to a peer that knows them. On the loop.</summary>
    internal void OnPreforkMessage(ReadOnlySpan<byte> json, IPreforkPeer peer)
    {
        var frame = JsonSerializer.Deserialize(json, FrameJsonContext.Default.PreforkFrame) ?? throw new JsonException("The message is null.");
        switch (frame.Act)
        {
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

        var cancellation = new CancellationTokenSource();
        if (!_answering.TryAdd(frame.Id, cancellation))
        {
            // Only one of the two could be cancelled, and the other would stay for ever.
            cancellation.Dispose();
            throw new JsonException($"Request {frame.Id} is being answered already.");
        }

        Interlocked.Add(ref _beingAnswered, weight);
        Count(weight);
        _dispatcher.Post(() =>
        {
            Delivered(weight);
            _ = AnswerAsync(frame, weight, peer, cancellation);
        });
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

    private async Task AnswerAsync(PreforkFrame frame, int weight, IPreforkPeer peer, CancellationTokenSource cancellation)
    {
        try
        {
            ValueTask replied;
            try
            {
                var writeReply = await peer.AnswerAsync(frame, cancellation.Token).ConfigureAwait(false);
                replied = _channel.SendAsync(ReplyLine(frame.Id, writeReply), cancellation: CancellationToken.None);
            }
            catch (Exception exception)
            {
                // The handler's failure is the asker's to see, not ours; also when it is that somebody else's channel is closed.
                replied = _channel.SendAsync(ErrorLine(frame.Id, exception));
            }

            await replied.ConfigureAwait(false);
        }
        catch (ClusterChannelClosedException)
        {
            // Whoever asked is gone.
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

    private ReadOnlySpan<byte> ErrorLine(long id, Exception exception)
    {
        var text = exception is ClusterRequestException ? exception.Message : $"{exception.GetType().Name}: {exception.Message}";

        // A character takes six bytes at most.
        var longest = Math.Min(MaxErrorLength, _channel.MaxSentSize / 8);
        var writer = StartPrefork("error");
        writer.Json.WriteNumber("id"u8, id);
        writer.Json.WriteString("error"u8, text.Length > longest ? $"{text.AsSpan(0, longest)}\u2026" : text);
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
}
