using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Prefork.Tool.Tests;

/// <summary><c>prefork run</c> makes workers of servers from npm, as they are.</summary>
public class NodePrograms
{
    [Theory]
    [InlineData("express.js")]
    [InlineData("fastify.js")]
    public async Task AServer_ServesFromEveryWorker_AndItsDeadAreReplaced(string script)
    {
        await using var run = Running.Run([NpmPackages.Script(script), "-w", "2", "--", "0"], NpmPackages.Environment());
        var port = await Running.PortAsync(run);
        var pids = await Running.WorkersAsync(port, 2);
        using (var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TestProgram.Patience })
        {
            Assert.Equal("""{"hello":"world","address":"127.0.0.1"}""", await client.GetStringAsync("/hello/world"));
            using var numbers = new StringContent($$"""{"numbers":[{{string.Join(',', Enumerable.Range(1, 10_000))}}]}""", Encoding.UTF8, "application/json");
            using var sum = await client.PostAsync("/sum", numbers);
            Assert.Equal("""{"sum":50005000}""", await sum.Content.ReadAsStringAsync());

            // One connection, kept, is one worker's.
            var pid = await client.GetStringAsync("/");
            Assert.Contains(pid, pids);
            Assert.Equal(pid, await client.GetStringAsync("/"));
        }

        Native.Kill(int.Parse(pids[0]), Native.SigKill);
        Assert.Contains(pids[1], await Running.WorkersAsync(port, 2, without: pids[0]));
        run.Signal(Native.SigTerm);
        Assert.Equal(0, await run.WaitForExitAsync());
    }

    /// <summary>A program may say nothing of it: the primary knows.</summary>
    [Theory]
    [InlineData(".on('error', () => setInterval(() => { }, 1000))")]
    [InlineData(".on('error', () => process.exit(1))")]
    public async Task APortThatIsTaken_IsSaid_AndWhoHasIt(string handler)
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        await using var app = new TestApplication();
        var script = Path.Combine(app.Folder, "server.js");
        await File.WriteAllTextAsync(script, $"require('http').createServer(){handler}.listen({((System.Net.IPEndPoint)taken.LocalEndpoint).Port}, '127.0.0.1');");
        var (code, _, error) = await app.CommandAsync("start", script, "--name", "shop", "-w", "1", "--boot-timeout", "5");
        Assert.NotEqual(0, code);
        var said = $"could not listen on {taken.LocalEndpoint}: in use by pid {Environment.ProcessId}";
        Assert.Contains(said, error, StringComparison.Ordinal);
        Assert.Contains($"worker 1 {said}", (await app.CommandAsync("logs", "shop")).Output, StringComparison.Ordinal);
    }

    /// <summary>Node's own server, which does nothing about it that it is to leave.</summary>
    [Fact]
    public async Task AReload_LosesNoRequest_OfAServerThatKnowsNothing()
    {
        await using var app = new TestApplication();
        var script = Path.Combine(app.Folder, "server.js");
        await File.WriteAllTextAsync(script, """
            const arguments = JSON.stringify(process.execArgv);
            require('http').createServer((request, response) => setTimeout(() => response.end(arguments), 2)).listen(0, '127.0.0.1');
            """);
        var start = await app.CommandAsync("start", script, "--name", "shop", "-w", "2", "--watch-window", "0");
        Assert.True(start.Code == 0, start.Error);
        var address = $"http://127.0.0.1:{await app.PortAsync()}/";
        using (var client = new HttpClient())
        {
            // What we load into it is no option of its own, which its children would get.
            Assert.Equal("[]", await client.GetStringAsync(address));
        }

        await using var load = new TestProgram(Published.MixedLoad, [address, "-", "4"]);
        await load.ExpectAsync("running");
        for (var i = 0; i < 3; i++)
        {
            var reload = await app.CommandAsync("reload", "shop");
            Assert.True(reload.Code == 0, reload.Error);
        }

        load.CloseInput();
        using var result = JsonDocument.Parse(await load.ExpectAsync("{"));
        foreach (var kind in result.RootElement.EnumerateObject())
        {
            Assert.True(kind.Value.GetProperty("served").GetInt32() > 100, result.RootElement.GetRawText());
            Assert.True(kind.Value.GetProperty("failed").GetInt32() == 0, result.RootElement.GetRawText());
        }
    }

    /// <summary>One session for all, a request each 50 ms that takes 200: plain, with TLS, and with TLS and HTTP/1 beside it.</summary>
    [Fact]
    public async Task AReload_LosesNoRequestOfHttp2_AndRequestsAreCounted()
    {
        await using var app = new TestApplication();
        var script = Path.Combine(app.Folder, "server.js");
        using var key = System.Security.Cryptography.RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=localhost", key, System.Security.Cryptography.HashAlgorithmName.SHA256, System.Security.Cryptography.RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(Path.Combine(app.Folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        await File.WriteAllTextAsync(Path.Combine(app.Folder, "certificate.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(script, """
            const http2 = require('node:http2');
            const { readFileSync } = require('node:fs');
            const files = { key: readFileSync('key.pem'), cert: readFileSync('certificate.pem') };
            const answer = (_, response) => setTimeout(() => response.end('served'), 200);
            const core = stream => setTimeout(() => { stream.respond({ ':status': 200 }); stream.end('served'); }, 200);
            const servers = [http2.createServer(answer), http2.createSecureServer(files).on('stream', core), http2.createSecureServer({ ...files, allowHTTP1: true }, answer)];
            let left = servers.length;
            servers.forEach(server => server.listen(0, '127.0.0.1', () => --left || console.log(`ports ${servers.map(s => s.address().port).join(' ')}`)));
            """);
        await app.SucceedAsync("start", script, "--name", "shop", "-w", "2", "--watch-window", "0", "--stop-timeout", "15s", "--cwd", app.Folder);
        string[] ports = [];
        await TestApplication.EventuallyAsync(async () =>
        {
            var logs = (await app.CommandAsync("logs", "shop", "-n", "1000")).Output.Split('\n');
            ports = logs.FirstOrDefault(static line => line.Contains(" ports ", StringComparison.Ordinal))?.Split(' ')[^3..] ?? [];
            return ports.Length == 3 && logs.Count(static line => line.Contains(" ports ", StringComparison.Ordinal)) == 2;
        });
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true } };
        using var client = new HttpClient(handler) { Timeout = TestProgram.Patience };
        using var enough = new CancellationTokenSource();
        var clients = new[] { ($"http://127.0.0.1:{ports[0]}", 2), ($"https://127.0.0.1:{ports[1]}", 2), ($"https://127.0.0.1:{ports[2]}", 2), ($"https://127.0.0.1:{ports[2]}", 1) }
            .Select(target => RunAsync(client, target.Item1, new Version(target.Item2, target.Item2 == 1 ? 1 : 0), enough.Token)).ToArray();
        for (var i = 0; i < 2; i++)
        {
            await app.SucceedAsync("reload", "shop");
        }

        await enough.CancelAsync();
        var served = await Task.WhenAll(clients);
        Assert.All(served, static count => Assert.InRange(count, 10, int.MaxValue));

        // What those that are left have served is told once a second.
        var workers = Array.Empty<JsonElement>();
        await client.GetStringAsync($"https://127.0.0.1:{ports[2]}");
        await TestApplication.EventuallyAsync(async () =>
        {
            workers = [.. (await app.StatusAsync()).GetProperty("cluster").GetProperty("workers").EnumerateArray()];
            return workers.All(static worker => worker.GetProperty("requests").ValueKind == JsonValueKind.Number) && workers.Sum(static worker => worker.GetProperty("requests").GetInt32()) > 0;
        });
        Assert.InRange(workers.Sum(static worker => worker.GetProperty("requests").GetInt32()), 1, served.Sum() + 1);
    }

    /// <summary>A client opens a session for a request. GOAWAY before that request makes .NET's client fail it while it still writes its preface.</summary>
    [Fact]
    public async Task AReload_LetsANewHttp2SessionSendItsRequest_BeforeGoaway()
    {
        await using var app = new TestApplication();
        var script = Path.Combine(app.Folder, "server.js");
        await File.WriteAllTextAsync(script, "require('node:http2').createServer((_, response) => response.end('served')).listen(0, '127.0.0.1');");
        await app.SucceedAsync("start", script, "--name", "shop", "-w", "1", "--watch-window", "0", "--stop-timeout", "15s");
        using var timeout = new CancellationTokenSource(TestProgram.Patience);
        await using var used = await Http2Session.OpenAsync(await app.PortAsync(), timeout.Token);
        await used.AskAsync(timeout.Token);
        await used.ExpectAsync(Http2Session.Headers, timeout.Token);
        await using var fresh = await Http2Session.OpenAsync(await app.PortAsync(), timeout.Token);
        var reload = app.CommandAsync("reload", "shop");
        await used.ExpectAsync(Http2Session.Goaway, timeout.Token);
        await fresh.AskAsync(timeout.Token);
        Assert.DoesNotContain(Http2Session.Goaway, await fresh.ExpectAsync(Http2Session.Headers, timeout.Token));
        await fresh.ExpectAsync(Http2Session.Goaway, timeout.Token);
        Assert.True((await reload).Code == 0, (await reload).Error);
    }

    [Theory]
    [InlineData("message", "process.send('ready')")]
    [InlineData("online", "")]
    public async Task AWorkerWithoutAPort_IsReady_WhenItIsSaidHow(string ready, string says)
    {
        await using var app = new TestApplication();
        var script = Path.Combine(app.Folder, "worker.js");
        await File.WriteAllTextAsync(script, $"setInterval(() => {{ }}, 1000); {says};");
        await app.WriteAsync($$"""{ "program": "worker.js", "workers": 1, "name": "shop", "ready": "{{ready}}", "bootTimeout": 20 }""");
        await app.SucceedAsync("start");
        Assert.Equal("healthy", (await app.StatusAsync()).GetProperty("cluster").GetProperty("state").GetString(), ignoreCase: true);
    }

    [Theory]
    [InlineData("1M", 200 * 1024)]
    [InlineData("64K", 64 * 1024)]
    public async Task ALongLine_IsOneLine_AndNobodyElsesIsWithinIt(string most, int kept)
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "worker.js");
        await File.WriteAllTextAsync(script, """
            const line = String.fromCharCode(97 + Number(process.env.NODE_APP_INSTANCE)).repeat(200 * 1024) + '\n';
            let left = 10;
            const write = () => { process.stdout.write(line, () => --left && write()); };
            write();
            setInterval(() => { }, 1000);
            """);
        await using var run = Running.Run([script, "-w", "3", "--ready", "online", "--max-line", most]);
        for (var i = 0; i < 30; i++)
        {
            var line = await run.ExpectAsync(static line => line.Length > 1000, "a long line");
            var mark = line.IndexOf('…', StringComparison.Ordinal);
            Assert.Equal(kept, mark < 0 ? line.Length : mark);
            Assert.Equal(mark < 0, most == "1M");
            Assert.Single((mark < 0 ? line : line[..mark]).Distinct());
        }
    }

    private static async Task<int> RunAsync(HttpClient client, string address, Version version, CancellationToken enough)
    {
        var requests = new List<Task>();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!enough.IsCancellationRequested)
        {
            requests.Add(AskAsync());
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }

        await Task.WhenAll(requests);
        return requests.Count;

        async Task AskAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address) { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var response = await client.SendAsync(request, CancellationToken.None);
            Assert.Equal("served", await response.Content.ReadAsStringAsync(CancellationToken.None));
        }
    }
}
