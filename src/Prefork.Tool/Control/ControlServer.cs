using System.Net.Sockets;
using System.Text.Json;

namespace Prefork.Tool.Control;

/// <summary>
/// The application's ear. Whoever speaks must be this user (or root); has five seconds to say one line of at most 64 KiB; and is one of sixteen at most,
/// of whom twelve may wait for their turn. What goes wrong with one ends its connection and nothing else.
/// </summary>
internal sealed class ControlServer : IAsyncDisposable
{
    private const int LongestRequest = 64 * 1024;
    private const int MostClients = 16;

    /// <summary>Of them, those that may wait for their turn: there is room left for who looks, calls off, or stops.</summary>
    private const int MostQueued = 12;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly ControlSocket _socket;
    private readonly Func<ControlRequest, Func<ControlReply, Task>, Task<ControlReply>> _handle;
    private readonly SemaphoreSlim _clients = new(MostClients, MostClients);
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _accepting;
    private volatile Socket _listener;
    private int _queued;

    /// <param name="socket">Stays the caller's.</param>
    /// <param name="handle">Answers a request; may tell of events meanwhile.</param>
    internal ControlServer(ControlSocket socket, Func<ControlRequest, Func<ControlReply, Task>, Task<ControlReply>> handle)
    {
        _handle = handle;
        _socket = socket;
        _listener = socket.Listen();
        _accepting = AcceptAsync();
    }

    /// <summary>Looks whether it can still be found, and is found again if not. Not while it is disposed.</summary>
    /// <returns>What was done; null when there was nothing to do.</returns>
    internal string? Restore()
    {
        if (_socket.Restore() is not { } listener)
        {
            return null;
        }

        // Whoever waits at the old one has no name any more to have come by since; the loop goes over to the new one.
        var before = _listener;
        _listener = listener;
        before.Dispose();
        return $"{_socket.Path} was removed, and is made anew";
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Dispose();
        await _accepting;

        // Those that are being answered have a moment, all together: the answer to "stop" is on its way.
        using var patience = new CancellationTokenSource(s_patience);
        try
        {
            for (var i = 0; i < MostClients; i++)
            {
                await _clients.WaitAsync(patience.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // They do not read.
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                await _clients.WaitAsync(_ended.Token);
                await AcceptOneAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // It ends.
        }
    }

    /// <summary>The place that has been taken is the client's, or given back.</summary>
    private async Task AcceptOneAsync()
    {
        var listener = _listener;
        Socket client;
        try
        {
            client = await listener.AcceptAsync(_ended.Token);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException && (listener != _listener || _ended.IsCancellationRequested))
        {
            // There is another one; or it ends.
            _clients.Release();
            _ended.Token.ThrowIfCancellationRequested();
            return;
        }
        catch (SocketException)
        {
            // No descriptors left, say. It may be better later.
            _clients.Release();
            await Task.Delay(s_patience, _ended.Token);
            return;
        }
        catch
        {
            _clients.Release();
            throw;
        }

        _ = ServeAsync(client);
    }

    private async Task ServeAsync(Socket client)
    {
        try
        {
            using (client)
            {
                // Itself, or root.
                if (SocketPeer.UserOf(client) is not { } user || (user != Native.EffectiveUserId && user != 0))
                {
                    return;
                }

                if (await ReadAsync(client) is { } request)
                {
                    var reply = await AnswerAsync(request, @event => SendAsync(client, @event));
                    await SendAsync(client, reply);
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or IOException)
        {
            // It has gone, or does not read.
        }
        finally
        {
            _clients.Release();
        }
    }

    private static async Task<ControlRequest?> ReadAsync(Socket client)
    {
        using var patience = new CancellationTokenSource(s_patience);
        try
        {
            return await new LineReader(client, LongestRequest).ReadAsync(patience.Token) is { } line
                ? JsonSerializer.Deserialize(line.Span, ControlJson.Default.ControlRequest) ?? throw new InvalidDataException("null")
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidDataException)
        {
            await SendAsync(client, new ControlReply { ExitCode = ExitCodes.Usage, Message = $"That is no request: {exception.Message}" });
            return null;
        }
    }

    private async Task<ControlReply> AnswerAsync(ControlRequest request, Func<ControlReply, Task> tell)
    {
        try
        {
            return request.MayQueue ? await QueueAsync(request, tell) : await _handle(request, tell);
        }
        catch (Exception exception)
        {
            return new ControlReply { ExitCode = exception is InvalidOperationException ? ExitCodes.Busy : exception is ArgumentException ? ExitCodes.Usage : ExitCodes.Failed, Message = exception.Message };
        }
    }

    private async Task<ControlReply> QueueAsync(ControlRequest request, Func<ControlReply, Task> tell)
    {
        try
        {
            return Interlocked.Increment(ref _queued) <= MostQueued
                ? await _handle(request, tell)
                : throw new InvalidOperationException($"Not now: {MostQueued} operations wait for their turn already. Try again when some have ended.");
        }
        finally
        {
            Interlocked.Decrement(ref _queued);
        }
    }

    private static async Task SendAsync(Socket client, ControlReply reply)
    {
        using var patience = new CancellationTokenSource(s_patience);
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(reply, ControlJson.Default.ControlReply), (byte)'\n'];
        try
        {
            for (var rest = line.AsMemory(); rest.Length > 0;)
            {
                rest = rest[await client.SendAsync(rest, patience.Token)..];
            }
        }
        catch (OperationCanceledException)
        {
            // Who does not read is waited for once, and not at every line.
            client.Shutdown(SocketShutdown.Both);
            throw;
        }
    }
}
