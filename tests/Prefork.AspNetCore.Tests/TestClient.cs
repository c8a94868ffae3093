using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Prefork.AspNetCore.Tests;

/// <summary>A client that tells a reset from an orderly end.</summary>
internal sealed class TestClient : IDisposable
{
    private TestClient(Socket socket) => Socket = socket;

    internal Socket Socket { get; }

    internal static async Task<TestClient> ConnectAsync(EndPoint endPoint, int receiveBuffer = 0)
    {
        var socket = endPoint is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (receiveBuffer > 0)
        {
            socket.ReceiveBufferSize = receiveBuffer;
        }

        await socket.ConnectAsync(endPoint);
        return new TestClient(socket);
    }

    internal static Task<TestClient> ConnectAsync(TestServer server, int receiveBuffer = 0)
        => ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port), receiveBuffer);

    internal Task SendAsync(string text) => SendAsync(Encoding.ASCII.GetBytes(text));

    internal async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await Socket.SendAsync(bytes).AsTask().WaitAsync(TestServer.Patience)..];
        }
    }

    /// <summary>Sends until the server takes no more for a while, or all is sent. Returns how much.</summary>
    internal async Task<long> SendWhileTakenAsync(long most)
    {
        var block = new byte[64 * 1024];
        var sent = 0L;
        Socket.Blocking = false;
        while (sent < most)
        {
            if (!Socket.Poll(TimeSpan.FromMilliseconds(300), SelectMode.SelectWrite))
            {
                break;
            }

            sent += Socket.Send(block, SocketFlags.None, out var error);
            Assert.True(error is SocketError.Success or SocketError.WouldBlock, error.ToString());
            await Task.Yield();
        }

        return sent;
    }

    internal void HalfClose() => Socket.Shutdown(SocketShutdown.Send);

    internal void Reset()
    {
        Socket.LingerState = new LingerOption(true, 0);
        Socket.Close();
    }

    /// <summary>Reads as far as that text.</summary>
    internal async Task<string> ReadUntilAsync(string end)
    {
        var text = new StringBuilder();
        var buffer = new byte[1];
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            var count = await Socket.ReceiveAsync(buffer).WaitAsync(TestServer.Patience);
            Assert.True(count > 0, $"The connection ended before '{end}': {text}");
            text.Append((char)buffer[0]);
        }

        return text.ToString();
    }

    /// <summary>How much comes, and how it ends.</summary>
    internal async Task<string> ReadToEndAsync()
    {
        var (count, end) = await CountToEndAsync();
        return $"{count} bytes, {end}";
    }

    internal async Task<(long Count, string End)> CountToEndAsync()
    {
        var total = 0L;
        var buffer = new byte[64 * 1024];
        try
        {
            for (int count; (count = await Socket.ReceiveAsync(buffer).WaitAsync(TestServer.Patience)) > 0;)
            {
                total += count;
            }

            return (total, "FIN");
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return (total, "RST");
        }
    }

    /// <summary>The status line, how much follows it, and how it ends.</summary>
    internal async Task<string> ReadAnswerAsync()
    {
        var received = new MemoryStream();
        var buffer = new byte[64 * 1024];
        var end = "FIN";
        try
        {
            for (int count; (count = await Socket.ReceiveAsync(buffer).WaitAsync(TestServer.Patience)) > 0;)
            {
                received.Write(buffer, 0, count);
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            end = "RST";
        }

        var text = Encoding.Latin1.GetString(received.ToArray());
        var headers = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return headers < 0 ? $"'{text}', {end}" : $"{text[..text.IndexOf('\r')]}, {text.Length - headers - 4} bytes, {end}";
    }

    public void Dispose() => Socket.Dispose();
}
