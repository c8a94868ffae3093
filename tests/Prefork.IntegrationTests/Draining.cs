using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using MixedLoad;

namespace Prefork.IntegrationTests;

/// <summary>A worker that leaves is drained: its clients are asked to go elsewhere, and lose nothing by it.</summary>
public class Draining
{
    private const byte GoAway = 7;

    [Theory]
    [InlineData("Prefork")]
    [InlineData("Sockets")]
    public async Task AnIdleConnection_MayStillAsk_AndTheAnswerSaysClose(string transport)
    {
        await using var web = await WebCluster.StartAsync(1, $"--transport={transport}");
        await using var client = await RawHttp.ConnectAsync(web.Http);
        Assert.Equal("1", await client.GetAsync("/"));
        Assert.False(client.ToldToClose);
        await web.Cluster.TellAsync("disconnect 1");
        await web.Cluster.ExpectAsync("message 1 stopping");
        await AskUntilToldToCloseAsync(client);
        await client.ExpectEndAsync();
        await web.Cluster.ExpectAsync("disconnect 1 connected=False asked=True");
        await web.Cluster.ExpectAsync("exit 1 code=0 signal= asked=True");
    }

    [Fact]
    public async Task AConnectionThatStaysIdle_EndsInOrder_WhenTheDrainIsOver()
    {
        await using var web = await WebCluster.StartAsync(1, "--drain=0.5");
        await using var client = await RawHttp.ConnectAsync(web.Http);
        Assert.Equal("1", await client.GetAsync("/"));
        await web.Cluster.TellAsync("disconnect 1");
        await client.ExpectEndAsync();
        await web.Cluster.ExpectAsync("exit 1 code=0 signal= asked=True");
    }

    [Fact]
    public async Task ARequestInFlight_Finishes_LongAfterTheDrain_AndSaysClose()
    {
        await using var web = await WebCluster.StartAsync(1, "--drain=0.2");
        await using var client = await RawHttp.ConnectAsync(web.Http);
        await client.SendAsync("/slow?ms=1500");

        // On a connection of its own, so the first is with the handler when the worker is told to leave.
        await using var other = await RawHttp.ConnectAsync(web.Http);
        Assert.Equal("1", await other.GetAsync("/"));
        await web.Cluster.TellAsync("disconnect 1");
        Assert.Equal("slow", await client.ReadResponseAsync());
        Assert.True(client.ToldToClose);
        await web.Cluster.ExpectAsync("exit 1 code=0 signal= asked=True");
    }

    [Fact]
    public async Task AConnectionInTheMidstOfItsHandshake_KeepsNoOtherFromItsGoAway()
    {
        await using var web = await WebCluster.StartAsync(1, "--drain=60");
        using var silent = new TcpClient();
        await silent.ConnectAsync(web.Https.Host, web.Https.Port);

        // Given to the worker after the silent one, so that one is with its TLS by now.
        await using var stream = await RawHttp.ConnectStreamAsync(web.Https, SslApplicationProtocol.Http2);
        await stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x4\0\0\0\0\0"u8.ToArray());
        await ReadFrameAsync(stream, 4);
        await web.Cluster.TellAsync("disconnect 1");
        await ReadFrameAsync(stream, GoAway);
        await stream.DisposeAsync();
        silent.Close();
        await web.Cluster.ExpectAsync("exit 1 code=0 signal= asked=True");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnIdleHttp2Connection_GetsAGoAway_AndTheWorkerNeedNotWaitForIt(bool tls)
    {
        await using var web = await WebCluster.StartAsync(1, "--drain=60");
        await using var stream = await RawHttp.ConnectStreamAsync(tls ? web.Https : web.Http2, SslApplicationProtocol.Http2);
        await stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x4\0\0\0\0\0"u8.ToArray());

        // The server's settings say that it speaks HTTP/2 here, and that it has taken our first frames for what they are.
        await ReadFrameAsync(stream, 4);
        await web.Cluster.TellAsync("disconnect 1");
        var payload = await ReadFrameAsync(stream, GoAway);
        Assert.Equal(0u, BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(4)));
        await stream.DisposeAsync();
        await web.Cluster.ExpectAsync("exit 1 code=0 signal= asked=True");
    }

    [Fact]
    public async Task AWebSocket_IsToldByItsApplication_AndClosesInOrder()
    {
        await using var web = await WebCluster.StartAsync(1);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(web.Http) { Scheme = "ws", Path = "/ws" }.Uri, CancellationToken.None);
        await web.Cluster.TellAsync("disconnect 1");
        var received = await socket.ReceiveAsync(new byte[10], CancellationToken.None).WaitAsync(TestProgram.Patience);
        Assert.Equal(WebSocketMessageType.Close, received.MessageType);
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, received.CloseStatus);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        await web.Cluster.ExpectAsync("exit 1 code=0 signal= asked=True");
    }

    [Fact]
    public async Task AWorkerToldBySignal_LeavesTheCluster_AndDrains()
    {
        await using var web = await WebCluster.StartAsync(2);
        var pid = int.Parse(web.Cluster.Seen.First(line => line.StartsWith("forked 1", StringComparison.Ordinal)).Split(' ')[2]);
        var clients = new List<RawHttp>();
        for (var i = 0; i < 2; i++)
        {
            clients.Add(await RawHttp.ConnectAsync(web.Http));
            await clients[i].GetAsync("/");
        }

        Native.Kill(pid, Native.SigTerm);
        await web.Cluster.ExpectAsync("message 1 stopping");
        foreach (var client in clients)
        {
            // Each is served by whoever has it; the one of the leaving worker is told to close.
            if (await client.GetAsync("/") == "1")
            {
                await AskUntilToldToCloseAsync(client);
            }
        }

        await web.Cluster.ExpectAsync("exit 1 code=0 signal= asked=True");
        await using (var late = await RawHttp.ConnectAsync(web.Http))
        {
            Assert.Equal("2", await late.GetAsync("/"));
        }

        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AWorker_IsReady_WhenItsHealthChecksPass(bool givesUp)
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "healthy");
        await using var cluster = await TestCluster.StartAsync($"setup exec={Programs.WebApp} args=--urls,http://127.0.0.1:0,--healthy-when={file},--gives-up={givesUp}", "fork");
        var url = new Uri((await cluster.ExpectAsync("message 1 urls")).Split(' ')[3]);
        await using (var client = await RawHttp.ConnectAsync(url))
        {
            // It serves, and has had its checks made more than once by then: each takes a quarter of a second.
            await client.GetAsync("/slow?ms=600");
        }

        Assert.DoesNotContain("ready 1", cluster.Seen);
        await cluster.TellAsync("workers");
        await File.WriteAllTextAsync(file, "");
        await cluster.ExpectAsync("ready 1");
        Assert.Single(cluster.Seen, "ready 1");
    }

    private static async Task AskUntilToldToCloseAsync(RawHttp client)
    {
        // The drain begins in an instant that no client sees; from then on every answer says so.
        for (var i = 0; i < 1000 && !client.ToldToClose; i++)
        {
            await client.GetAsync("/");
        }

        Assert.True(client.ToldToClose);
    }

    /// <summary>Reads frames (RFC 9113, 4.1) up to the first of that type.</summary>
    private static async Task<byte[]> ReadFrameAsync(Stream stream, byte type)
    {
        var header = new byte[9];
        while (true)
        {
            await stream.ReadExactlyAsync(header).AsTask().WaitAsync(TestProgram.Patience);
            var payload = new byte[(header[0] << 16) | (header[1] << 8) | header[2]];
            await stream.ReadExactlyAsync(payload).AsTask().WaitAsync(TestProgram.Patience);
            if (header[3] == type)
            {
                return payload;
            }
        }
    }
}
