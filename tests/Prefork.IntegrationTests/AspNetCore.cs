using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;

namespace Prefork.IntegrationTests;

/// <summary>An ASP.NET Core application is a worker by one line, and everything above the connection works as ever.</summary>
public class AspNetCore
{
    [Fact]
    public async Task Workers_ShareTheAddress_AndSayTheTruePort()
    {
        await using var cluster = await StartAsync(2, "http://127.0.0.1:0");
        var urls = Urls(cluster);
        Assert.Equal(2, urls.Count);
        Assert.Equal(urls[0], urls[1]);
        Assert.NotEqual(0, urls[0].Port);
        using var client = Client(close: true);
        var served = new HashSet<string>();
        for (var i = 0; i < 10; i++)
        {
            served.Add(await client.GetStringAsync(urls[0]));
        }

        Assert.Equal(["1", "2"], served.Order());
    }

    /// <summary>A socket that is closed over unread input sends a reset, and the answer that is still to be sent is lost.</summary>
    [Fact]
    public async Task AnAnswerArrivesWhole_WhateverElseTheClientHasSent()
    {
        await using var cluster = await StartAsync(1, "http://127.0.0.1:0");
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(IPAddress.Loopback, Urls(cluster)[0].Port);
        await client.SendAsync(Encoding.ASCII.GetBytes($"GET /download?mb=4 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n{new string('x', 60_000)}"));
        var received = 0;
        var buffer = new byte[4096];
        for (int count; (count = await client.ReceiveAsync(buffer).WaitAsync(TestProgram.Patience)) > 0;)
        {
            received += count;
        }

        Assert.InRange(received, 4 * 1024 * 1024, 5 * 1024 * 1024);
    }

    [Fact]
    public async Task AHandlerThatCompletesItsInputWithAnException_CostsItsConnection_AndNotTheWorker()
    {
        await using var cluster = await TestCluster.StartAsync($"setup exec={Programs.WebApp} args=--builder=handler", "fork");
        await cluster.ExpectAsync("message 1 urls");
        for (var i = 0; i < 2; i++)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Urls(cluster)[0].Port);
            var stream = client.GetStream();
            await stream.WriteAsync("a"u8.ToArray());
            var answer = new byte[5];
            await stream.ReadExactlyAsync(answer).AsTask().WaitAsync(TestProgram.Patience);
            await stream.WriteAsync("b"u8.ToArray());
            Assert.Equal(0, await stream.ReadAsync(answer).AsTask().WaitAsync(TestProgram.Patience));
        }

        Assert.DoesNotContain(cluster.Seen, line => line.StartsWith("exit", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AUnixSocket_IsServed()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "web.sock");
        await using var cluster = await StartAsync(1, $"http://unix:{path}");
        using var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        Assert.Equal("1", await client.GetStringAsync("http://localhost/"));
    }

    [Theory]
    [InlineData("leaving")]
    [InlineData("signal")]
    public async Task AWorkerThatIsToldToEndWhileItStarts_EndsInOrder(string told)
    {
        await using var cluster = await TestCluster.StartAsync($"setup exec={Programs.WebApp} args=--urls,http://127.0.0.1:0", $"fork STARTS_WHEN={told}");
        await cluster.ExpectAsync("forked 1");
        var pid = int.Parse((await cluster.ExpectEverAsync("starting ")).Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        if (told == "signal")
        {
            Native.Kill(pid, Native.SigInt);
        }
        else
        {
            await cluster.TellAsync("disconnect 1");
        }

        await cluster.ExpectAsync("exit 1 code=0 signal= asked=True");
    }

    [Fact]
    public async Task AnAddressInUse_IsKestrelsOwnError()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var cluster = await TestCluster.StartAsync($"setup exec={Programs.WebApp} args=--urls,http://{taken.LocalEndpoint}", "fork");
        var line = await cluster.ExpectAsync("message 1 cannot start");
        Assert.Contains("address already in use", line, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("AddressInUseException", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OutsideAWorker_NothingChanges()
    {
        await using var app = new TestProgram(Programs.WebApp, ["--urls", "http://127.0.0.1:0"]);
        var url = (await app.ExpectAsync("urls ")).Split(' ')[1];
        using var client = new HttpClient();
        Assert.Equal("0", await client.GetStringAsync(url));
        app.Signal(Native.SigTerm);
        Assert.Equal(0, await app.WaitForExitAsync());
    }

    [Fact]
    public async Task ADisconnect_LetsRequestsInFlightFinish()
    {
        await using var cluster = await StartAsync(1, "http://127.0.0.1:0");
        using var client = new HttpClient();
        var slow = Enumerable.Range(0, 10).Select(_ => client.GetStringAsync($"{Urls(cluster)[0]}slow?ms=1000")).ToList();
        Assert.Equal("1", await client.GetStringAsync(Urls(cluster)[0]));
        await cluster.TellAsync("disconnect 1");
        Assert.All(await Task.WhenAll(slow), text => Assert.Equal("slow", text));
        await cluster.ExpectAsync("disconnect 1 connected=False asked=True");
        await cluster.ExpectAsync("exit 1 code=0 signal= asked=True");
    }

    [Fact]
    public async Task ReplacingWorkers_UnderLoadWithConnectionsOfTheirOwn_FailsNoRequest()
    {
        await using var cluster = await StartAsync(2, "http://127.0.0.1:0");
        var url = Urls(cluster)[0];
        await cluster.TellAsync($"setup args=--urls,{url.OriginalString.TrimEnd('/').Replace($"{url.Port}", "0", StringComparison.Ordinal)}");
        using var done = new CancellationTokenSource();
        var served = 0;
        var load = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            using var client = Client(close: true);
            while (!done.IsCancellationRequested)
            {
                await client.GetStringAsync(url);
                Interlocked.Increment(ref served);
            }
        })).ToList();
        for (var i = 1; i <= 6; i++)
        {
            await cluster.TellAsync("fork");
            await cluster.ExpectAsync($"message {i + 2} urls");
            await cluster.TellAsync($"disconnect {i}");
            await cluster.ExpectAsync($"exit {i} code=0");
        }

        await done.CancelAsync();
        await Task.WhenAll(load);
        Assert.True(served > 0);
    }

    [Fact]
    public async Task AHandlerThatBlocks_DoesNotHoldUpTheOthers()
    {
        await using var cluster = await StartAsync(1, "http://127.0.0.1:0");
        var url = Urls(cluster)[0];
        using var client = new HttpClient();
        await client.GetStringAsync(url);
        var blocked = client.GetStringAsync($"{url}block?ms=3000");
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal("1", await client.GetStringAsync(url));
        }

        Assert.False(blocked.IsCompleted);
        Assert.Equal("blocked", await blocked);
    }

    [Theory]
    [InlineData("prefork")]
    [InlineData("sockets")]
    public async Task AWorkerWhoseThreadPoolIsBlocked_TakesFewConnectionsMore_AndOthersServe(string transport)
    {
        await using var cluster = await StartAsync(2, $"http://127.0.0.1:0,--transport={transport}");
        var url = Urls(cluster)[0];
        using var client = Client(close: true);

        // With Kestrel's sockets there is no answer: it needs a thread of the pool.
        using var done = new CancellationTokenSource();
        var hanging = client.GetStringAsync($"{url}behave?how=hang", done.Token);
        await cluster.ExpectErrorAsync("hangs");
        var served = 0;
        var asking = Enumerable.Range(0, 300).Select(async _ =>
        {
            await client.GetStringAsync(url, done.Token);
            Interlocked.Increment(ref served);
        }).ToList();

        // A worker takes twice sixteen before it must have begun with the first; and a few requests may have come before all its threads were blocked.
        await Scheduling.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref served) >= 300 - 40));
        await done.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => Task.WhenAll(asking));
        await hanging.ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    [Fact]
    public async Task UploadsAndDownloads_AreWhole()
    {
        await using var cluster = await StartAsync(1, "http://127.0.0.1:0");
        using var client = new HttpClient();
        using var response = await client.PostAsync($"{Urls(cluster)[0]}upload", new ByteArrayContent(new byte[20_000_000]));
        Assert.Equal("20000000", await response.Content.ReadAsStringAsync());
        Assert.Equal(32 * 1024 * 1024, (await client.GetByteArrayAsync($"{Urls(cluster)[0]}download?mb=32")).Length);
    }

    [Fact]
    public async Task AWebSocket_Echoes()
    {
        await using var cluster = await StartAsync(1, "http://127.0.0.1:0");
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(Urls(cluster)[0]) { Scheme = "ws", Path = "/ws" }.Uri, CancellationToken.None);
        var buffer = new byte[100];
        for (var i = 0; i < 100; i++)
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes($"message {i}"), WebSocketMessageType.Text, true, CancellationToken.None);
            var received = await socket.ReceiveAsync(buffer, CancellationToken.None).WaitAsync(TestProgram.Patience);
            Assert.Equal($"message {i}", Encoding.UTF8.GetString(buffer, 0, received.Count));
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }

    [Fact]
    public async Task ConnectionsThatCameAndWent_LeaveNoDescriptorInTheWorker()
    {
        await using var cluster = await StartAsync(1, "http://127.0.0.1:0");
        var pid = int.Parse(cluster.Seen.First(line => line.StartsWith("forked 1", StringComparison.Ordinal)).Split(' ')[2]);
        using var client = Client(close: true);
        await client.GetStringAsync(Urls(cluster)[0]);
        var before = Sockets(pid);
        for (var i = 0; i < 200; i++)
        {
            await client.GetStringAsync(Urls(cluster)[0]);
        }

        await Scheduling.EventuallyAsync(() => Task.FromResult(Sockets(pid) <= before));
    }

    private static int Sockets(int pid) => Directory.GetFileSystemEntries($"/proc/{pid}/fd").Count(entry => new FileInfo(entry).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) ?? false);

    private static async Task<TestCluster> StartAsync(int workers, string url)
    {
        var cluster = await TestCluster.StartAsync($"setup exec={Programs.WebApp} args=--urls,{url}");
        for (var i = 1; i <= workers; i++)
        {
            await cluster.TellAsync("fork");
            await cluster.ExpectAsync($"message {i} urls");
        }

        return cluster;
    }

    private static List<Uri> Urls(TestCluster cluster)
        => [.. cluster.Seen.Where(line => line.Contains(" urls ", StringComparison.Ordinal)).Select(line => new Uri(line.Split(' ')[3]))];

    private static HttpClient Client(bool close)
    {
        var client = new HttpClient();
        client.DefaultRequestHeaders.ConnectionClose = close;
        return client;
    }
}
