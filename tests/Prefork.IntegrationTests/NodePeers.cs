using System.Net;
using System.Net.Sockets;

namespace Prefork.IntegrationTests;

/// <summary>The channel is Node's: each can be the other's worker.</summary>
public class NodePeers
{
    private const string Server = """
        const cluster = require('node:cluster');
        const net = require('node:net');
        const server = net.createServer(c => { c.write(`${cluster.worker.id} ${process.pid}\n`); c.pipe(c); c.on('error', () => {}); });
        process.on('message', m => {
          const words = m.split(' ');
          if (words[0] === 'listen') {
            server.listen({ host: '127.0.0.1', port: Number(words[2].split(':')[1]) }, () => process.send(`listens a 127.0.0.1:${server.address().port}`));
          } else {
            process.send(`node heard ${m}`);
          }
        });
        """;

    /// <summary>A Node worker that listens when told to, as ClusterApp's does.</summary>
    internal static async Task<string> WriteServerAsync(TemporaryFolder folder)
    {
        var script = Path.Combine(folder.Path, "server.js");
        await File.WriteAllTextAsync(script, Server);
        return script;
    }

    [Theory]
    [InlineData("rr", "json")]
    [InlineData("none", "json")]
    [InlineData("rr", "advanced")]
    [InlineData("none", "advanced")]
    public async Task NodeWorkers_UnderOurPrimary_BesideOurOwn(string policy, string serialization)
    {
        using var folder = new TemporaryFolder();
        var script = await WriteServerAsync(folder);
        await using var cluster = await TestCluster.StartAsync($"policy {policy}", $"setup serialization={serialization}");
        await cluster.ForkAsync();
        await cluster.TellAsync($"setup exec={script}");
        await cluster.ForkAsync();
        var endPoint = await cluster.ListenAsync(1, "127.0.0.1:0");
        Assert.Equal(endPoint, await cluster.ListenAsync(2, "127.0.0.1:0"));
        await SpreadAsync(endPoint, even: policy == "rr");
        await cluster.TellAsync("send 2 hello");
        await cluster.ExpectAsync("message 2 node heard hello");
        await cluster.TellAsync("disconnect 2");
        await cluster.ExpectAsync("disconnect 2 connected=False asked=True");
        await cluster.ExpectAsync("exit 2 code=0");
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(1, await EchoClient.WhoServesAsync(endPoint));
        }
    }

    [Fact]
    public async Task AConnectionThatTheLastNodeWorkerDeclines_IsClosed_AndNoClientHangs()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "declines.js");

        // Node itself declines what comes after its server has closed; here it closes as soon as it listens.
        await File.WriteAllTextAsync(script, """
            const net = require('node:net');
            const server = net.createServer(c => c.end('served\n'));
            server.maxConnections = 0;
            server.listen({ host: '127.0.0.1', port: 0 }, () => process.send(`listens a 127.0.0.1:${server.address().port}`));
            process.on('message', () => server.close());
            """);
        await using var cluster = await TestCluster.StartAsync($"setup exec={script}", "fork");
        var endPoint = IPEndPoint.Parse((await cluster.ExpectAsync("message 1 listens a")).Split(' ')[4]);
        var waiting = Enumerable.Range(0, 8).Select(_ => EndAsync(endPoint)).ToList();
        await cluster.TellAsync("send 1 close");
        await Task.WhenAll(waiting);
        await cluster.TellAsync("kill 1 SIGKILL");
        await cluster.ExpectAsync("exit 1");
    }

    private static async Task EndAsync(IPEndPoint endPoint)
    {
        try
        {
            using var client = await EchoClient.ConnectAsync(endPoint);
            await client.ReadLineAsync();
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            // An end is an end: reset, or refused.
        }
    }

    [Theory]
    [InlineData("rr", "json")]
    [InlineData("none", "json")]
    [InlineData("rr", "advanced")]
    [InlineData("none", "advanced")]
    public async Task OurWorkers_UnderANodePrimary(string policy, string serialization)
    {
        await using var primary = await StartPrimaryAsync(policy, serialization);
        await primary.TellAsync("send 1 listen a 127.0.0.1:0");
        var endPoint = IPEndPoint.Parse((await primary.ExpectAsync("message 1 listens a")).Split(' ')[4]);
        await primary.TellAsync("send 2 listen a 127.0.0.1:0");
        await primary.ExpectAsync($"message 2 listens a {endPoint}");
        await primary.ExpectEverAsync($"listening 1 127.0.0.1 {endPoint.Port} 4");
        await SpreadAsync(endPoint, even: policy == "rr");
        await LeaveAsync(primary);
    }

    [Theory]
    [InlineData("rr")]
    [InlineData("none")]
    public async Task OurWorkers_ServeIPv6_UnderANodePrimary(string policy)
    {
        await using var primary = await StartPrimaryAsync(policy, "json");
        await primary.TellAsync("send 1 listen a [::1]:0");
        var endPoint = IPEndPoint.Parse((await primary.ExpectAsync("message 1 listens a")).Split(' ')[4]);
        await primary.TellAsync("send 2 listen a [::1]:0");
        await primary.ExpectAsync($"message 2 listens a {endPoint}");
        await primary.ExpectEverAsync($"listening 2 ::1 {endPoint.Port} 6");
        await SpreadAsync(endPoint, even: policy == "rr");
        await LeaveAsync(primary);
    }

    [Theory]
    [InlineData("rr")]
    [InlineData("none")]
    public async Task OurWorkers_ServeAUnixPath_UnderANodePrimary(string policy)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "shared.sock");
        await using var primary = await StartPrimaryAsync(policy, "json");
        await primary.TellAsync($"send 1 listen a unix:{path}");
        await primary.ExpectAsync($"message 1 listens a {path}");
        await primary.TellAsync($"send 2 listen a unix:{path}");
        await primary.ExpectAsync($"message 2 listens a {path}");
        await primary.ExpectEverAsync($"listening 1 {path} -1 -1");
        await primary.ExpectEverAsync($"listening 2 {path} -1 -1");
        await SpreadAsync(new UnixDomainSocketEndPoint(path), even: policy == "rr");
        await LeaveAsync(primary);
    }

    private static async Task LeaveAsync(TestProgram primary)
    {
        await primary.TellAsync("disconnect 1");
        await primary.ExpectAsync("disconnect 1");
        await primary.ExpectAsync("exit 1 0  true");
        await primary.TellAsync("send 2 disconnect");
        await primary.ExpectAsync("disconnect 2");
        await primary.ExpectAsync("exit 2 0  true");
    }

    /// <summary>
    /// Two workers serve what comes: in turn, and so half each, where the primary accepts; shared, the kernel decides, and both get something.
    /// </summary>
    private static async Task SpreadAsync(EndPoint endPoint, bool even)
    {
        if (!even)
        {
            var served = new HashSet<int>();
            await Scheduling.EventuallyAsync(async () =>
            {
                served.Add(await EchoClient.WhoServesAsync(endPoint));
                return served.Count == 2;
            });
            return;
        }

        const int Connections = 20;
        var counts = new int[2];
        for (var i = 0; i < Connections; i++)
        {
            counts[await EchoClient.WhoServesAsync(endPoint) - 1]++;
        }

        Assert.Equal([Connections / 2, Connections / 2], counts);
    }

    internal static async Task<TestProgram> StartPrimaryAsync(string policy, string serialization, string? setting = null)
    {
        const string Script = """
            const cluster = require('node:cluster');
            process.execPath = process.argv[1];
            cluster.setupPrimary({ exec: 'worker', args: [], execArgv: [], serialization: process.argv[2] });
            const say = (...words) => console.log(words.join(' '));
            for (const event of ['fork', 'online', 'disconnect']) cluster.on(event, w => say(event, w.id));
            cluster.on('listening', (w, a) => say('listening', w.id, a.address, a.port, a.addressType));
            cluster.on('exit', (w, code, signal) => say('exit', w.id, code, signal, w.exitedAfterDisconnect));
            cluster.on('message', (w, m) => say('message', w.id, m));
            for (let i = 0; i < 2; i++) cluster.fork();
            require('node:readline').createInterface({ input: process.stdin }).on('line', line => {
              const [verb, id, ...rest] = line.split(' ');
              if (verb === 'send') cluster.workers[id].send(rest.join(' '));
              if (verb === 'cut') cluster.workers[id].process.disconnect();
              if (verb === 'disconnect') cluster.workers[id].disconnect();
            });
            """;
        var primary = new TestProgram("node", ["-e", Script, Programs.ClusterApp, serialization], new Dictionary<string, string?> { ["NODE_CLUSTER_SCHED_POLICY"] = policy, [setting ?? "NOTHING"] = "1" });
        await primary.ExpectEverAsync("online 1");
        await primary.ExpectEverAsync("online 2");
        return primary;
    }
}
