using System.Diagnostics;
using System.Net.Sockets;

namespace Prefork.IntegrationTests;

/// <summary>Every way of telling Kestrel where to listen goes through the cluster, on every builder that has the line; or says why not.</summary>
public class EndPoints
{
    private const string AnyPort = "http://127.0.0.1:0";

    [Theory]
    [InlineData("slim")]
    [InlineData("empty")]
    [InlineData("generic")]
    [InlineData("web-host")]
    public async Task EveryBuilder_HasTheLine(string kind)
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync($"setup exec={Programs.WebApp} cwd={folder.Path} args=--builder={kind},--urls={AnyPort}");
        await IsSharedAsync(cluster, "");
    }

    [Fact]
    public async Task AppSettings_AreAFile()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "appsettings.json"), """{"Kestrel":{"Endpoints":{"web":{"Url":"http://127.0.0.1:0"}}}}""");
        await using var cluster = await TestCluster.StartAsync($"setup exec={Programs.WebApp} cwd={folder.Path}");
        await IsSharedAsync(cluster, "");
    }

    [Fact]
    public async Task TheEnvironment_NamesTheAddress()
    {
        await using var cluster = await TestCluster.StartAsync($"setup exec={Programs.WebApp}");
        await IsSharedAsync(cluster, $"ASPNETCORE_URLS={AnyPort}");
    }

    [Fact]
    public async Task AHandle_IsLeftToKestrel()
    {
        await using var cluster = await TestCluster.StartAsync($"setup exec={Programs.WebApp} args=--handle=true");
        using var client = new HttpClient();
        for (var id = 1; id <= 2; id++)
        {
            await cluster.TellAsync("fork");
            var address = (await cluster.ExpectAsync($"message {id} handle ")).Split(' ')[3];
            await cluster.ExpectAsync($"message {id} urls");
            Assert.Equal($"{id}", await client.GetStringAsync($"http://{address}/"));
        }
    }

    [Fact]
    public async Task AForbiddenPort_IsTheSocketsError_AndSaysWhatWasForbidden()
    {
        await using var cluster = Listening.StartUnprivileged();
        await cluster.ExpectAsync("primary ");
        await cluster.TellAsync($"setup exec={Programs.WebApp} args=--urls=http://127.0.0.1:42");
        await cluster.TellAsync("fork");
        var line = await cluster.ExpectAsync("message 1 cannot start: SocketException");
        Assert.Contains("Permission denied", line, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:42", line, StringComparison.Ordinal);
        await cluster.ExpectAsync("exit 1 code=0");
    }

    [Fact]
    public async Task AnAddressOfAnotherMachine_IsTheSocketsError_AndSaysWhich()
    {
        await using var cluster = await TestCluster.StartAsync($"setup exec={Programs.WebApp} args=--urls=http://203.0.113.1:8000", "fork");
        var line = await cluster.ExpectAsync("message 1 cannot start: SocketException");
        Assert.Contains("203.0.113.1:8000", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http3AndOptionsThatDoNotApply_AreOff_AndTheLogSaysSo()
    {
        using var folder = new TemporaryFolder();
        var certificate = Path.Combine(folder.Path, "certificate.pfx");
        await File.WriteAllBytesAsync(certificate, WebCluster.NewCertificate());
        await using var cluster = await TestCluster.StartAsync(
            $"setup exec={Programs.WebApp} args=--pretend-quic=true,--Sockets:IOQueueCount=33,--Kestrel:Endpoints:a:Url=https://127.0.0.1:0,--Kestrel:Endpoints:a:Protocols=Http1AndHttp2AndHttp3"
            + $",--Kestrel:Endpoints:a:Certificate:Path={certificate},--Kestrel:Endpoints:a:Certificate:Password=secret",
            "fork");
        var url = (await cluster.ExpectAsync("message 1 urls ")).Split(' ')[3];
        Assert.Contains("HTTP/3 is off in a worker", await cluster.ExpectEverAsync("info: Prefork.AspNetCore.Http3Notice"), StringComparison.Ordinal);
        Assert.Contains("IOQueueCount", await cluster.ExpectEverAsync("warn: Prefork.AspNetCore.Transport"), StringComparison.Ordinal);
        using var client = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true } });
        using var response = await client.GetAsync(url);
        Assert.Equal("1", await response.Content.ReadAsStringAsync());
        Assert.False(response.Headers.Contains("alt-svc"));
    }

    [Fact]
    public async Task AnotherTransportAfterTheLine_IsAnError_ThatSaysTheOrder()
    {
        await using var cluster = await TestCluster.StartAsync($"setup exec={Programs.WebApp} args=--sockets-last=true,--urls={AnyPort}", "fork");
        Assert.Contains("UseCluster()", await cluster.ExpectAsync("message 1 cannot start: InvalidOperationException"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("prefork")]
    [InlineData("sockets")]
    public async Task TheBacklog_IsTheTransportOptions(string transport)
    {
        await using var cluster = await TestCluster.StartAsync($"setup exec={Programs.WebApp} args=--urls={AnyPort},--transport={transport},--Sockets:Backlog=77", "fork");
        var port = new Uri((await cluster.ExpectAsync("message 1 urls ")).Split(' ')[3]).Port;
        using var ss = Process.Start(new ProcessStartInfo("ss", $"-Hltn sport = :{port}") { RedirectStandardOutput = true })!;
        Assert.Contains(" 77 ", await ss.StandardOutput.ReadToEndAsync(), StringComparison.Ordinal);
        await ss.WaitForExitAsync();
    }

    [Theory]
    [InlineData("prefork", true)]
    [InlineData("prefork", false)]
    [InlineData("sockets", true)]
    [InlineData("sockets", false)]
    public async Task NoDelay_IsTheTransportOptions(string transport, bool noDelay)
    {
        await using var cluster = await TestCluster.StartAsync($"setup exec={Programs.WebApp} args=--urls={AnyPort},--transport={transport},--Sockets:NoDelay={noDelay}", "fork");
        var url = (await cluster.ExpectAsync("message 1 urls ")).Split(' ')[3];
        using var client = new HttpClient();
        Assert.Equal($"{noDelay}", await client.GetStringAsync($"{url}/nodelay"));
    }

    /// <summary>A handler that does not read holds its client back: what comes is no more than the buffer's limit, beyond what the kernel takes.</summary>
    [Fact]
    public async Task TheReadBufferOfKestrelsSockets_IsTheTransportOptions()
    {
        var small = await TakenAsync(64 * 1024);
        var large = await TakenAsync(64 * 1024 * 1024);
        Assert.True(large - small > 20_000_000, $"a small buffer took {small}, a large one {large}");
    }

    /// <summary>Our transport reads nothing ahead, however large the buffer may be; and goes on when it is smaller than what comes.</summary>
    [Fact]
    public async Task ASmallReadBuffer_BreaksNoUpload()
    {
        await using var cluster = await TestCluster.StartAsync($"setup exec={Programs.WebApp} args=--urls={AnyPort},--Sockets:MaxReadBufferSize=1000", "fork");
        var url = (await cluster.ExpectAsync("message 1 urls ")).Split(' ')[3];
        using var client = new HttpClient();
        using var response = await client.PostAsync($"{url}/upload", new ByteArrayContent(new byte[5_000_000]));
        Assert.Equal("5000000", await response.Content.ReadAsStringAsync());
    }

    /// <summary>A client that does not read holds its handler back.</summary>
    [Theory]
    [InlineData("prefork")]
    [InlineData("sockets")]
    public async Task TheWriteBuffer_IsTheTransportOptions(string transport)
    {
        var small = await WrittenAsync(transport, 64 * 1024);
        var large = await WrittenAsync(transport, 64 * 1024 * 1024);
        Assert.True(large - small > 20, $"with a small buffer {small} MiB were written, with a large one {large}");
    }

    private static async Task<int> WrittenAsync(string transport, int limit)
    {
        await using var cluster = await TestCluster.StartAsync($"setup exec={Programs.WebApp} args=--urls={AnyPort},--transport={transport},--Sockets:MaxWriteBufferSize={limit}", "fork");
        var url = new Uri((await cluster.ExpectAsync("message 1 urls ")).Split(' ')[3]);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 64 * 1024 };
        await socket.ConnectAsync(url.Host, url.Port);
        await socket.SendAsync("GET /download?mb=200 HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        using var client = new HttpClient();
        for (var (before, same) = (-1, 0); ;)
        {
            var written = int.Parse(await client.GetStringAsync($"{url}written"), System.Globalization.CultureInfo.InvariantCulture);
            (before, same) = (written, written == before ? same + 1 : 0);
            if (same > 1000)
            {
                return written;
            }
        }
    }

    private static async Task<long> TakenAsync(int limit)
    {
        await using var cluster = await TestCluster.StartAsync($"setup exec={Programs.WebApp} args=--urls={AnyPort},--transport=sockets,--Sockets:MaxReadBufferSize={limit}", "fork");
        var url = new Uri((await cluster.ExpectAsync("message 1 urls ")).Split(' ')[3]);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { SendBufferSize = 128 * 1024 };
        await socket.ConnectAsync(url.Host, url.Port);
        await socket.SendAsync("POST /ignore?ms=60000 HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n"u8.ToArray());
        var taken = 0L;
        var block = new byte[64 * 1024];
        while (taken < 40_000_000)
        {
            using var full = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            try
            {
                taken += await socket.SendAsync(block, full.Token);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        return taken;
    }

    /// <summary>Two workers listen on one port, which serves by both.</summary>
    private static async Task IsSharedAsync(TestCluster cluster, string environment)
    {
        var urls = new HashSet<string>();
        for (var id = 1; id <= 2; id++)
        {
            await cluster.TellAsync($"fork {environment}".TrimEnd());
            urls.Add((await cluster.ExpectAsync($"message {id} urls ")).Split(' ')[3]);
        }

        var url = Assert.Single(urls);
        Assert.NotEqual(0, new Uri(url).Port);
        using var client = new HttpClient();
        client.DefaultRequestHeaders.ConnectionClose = true;
        Assert.Equal(["1", "2"], [.. new[] { await client.GetStringAsync(url), await client.GetStringAsync(url) }.Order()]);
    }
}
