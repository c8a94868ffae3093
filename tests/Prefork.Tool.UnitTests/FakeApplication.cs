using System.Net.Sockets;
using System.Text.Json;
using Prefork.Tool.Control;

namespace Prefork.Tool.UnitTests;

/// <summary>What a command finds of an application: a name, and answers. It has no workers. When it has stopped its name is free.</summary>
internal sealed class FakeApplication : IAsyncDisposable
{
    private readonly ControlSocket _socket;
    private readonly Socket _listener;
    private readonly Task _answering;

    /// <param name="name">Its name.</param>
    /// <param name="answer">To each request, one after the other; null hangs up.</param>
    internal FakeApplication(string name, Func<ControlRequest, ControlReply?> answer)
    {
        _socket = ControlSocket.TryTake(ControlFolder.Open(), name)!;
        _listener = _socket.Listen();
        _answering = AnswerAsync(answer);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _answering;
        _socket.Dispose();
    }

    private async Task AnswerAsync(Func<ControlRequest, ControlReply?> answer)
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptAsync();
                var line = await new LineReader(client, 65536).ReadAsync(CancellationToken.None);
                var request = JsonSerializer.Deserialize(line!.Value.Span, ControlJson.Default.ControlRequest)!;
                var reply = answer(request);
                if (request.Command == "stop")
                {
                    _socket.Dispose();
                }

                if (reply is not null)
                {
                    await client.SendAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(reply, ControlJson.Default.ControlReply), (byte)'\n']);
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It ends.
        }
    }
}
