using System.Net.WebSockets;

namespace MixedLoad;

/// <summary>Sends and hears its echo, until the server says goodbye; then everything it sent must have been echoed, or been sent after that.</summary>
internal sealed class EchoSocket(Uri url)
{
    private const int MessagesASocket = 500;

    internal async Task<int> RunAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(url) { Scheme = "ws", Path = "/ws" }.Uri, patience.Token);
        var buffer = new byte[100];
        var echoed = 0;
        while (echoed < MessagesASocket)
        {
            await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, patience.Token);
            var received = await socket.ReceiveAsync(buffer, patience.Token);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                // The message crossed the server's goodbye, which says: what comes after is not served.
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token);
                return echoed;
            }

            echoed++;
            await Task.Delay(2);
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token);
        return echoed;
    }
}
