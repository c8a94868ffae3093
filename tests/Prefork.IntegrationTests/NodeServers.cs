using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Prefork.IntegrationTests;

/// <summary>Servers across the wire: Kestrel under a Node primary, and Node's HTTP, Unix and UDP servers under ours.</summary>
public class NodeServers
{
    [Theory]
    [InlineData("rr")]
    [InlineData("none")]
    public async Task KestrelWorkers_UnderANodePrimary_ServeLeaveAndEnd(string policy)
    {
        using var folder = new TemporaryFolder();
        var script = await folder.WriteAsync("primary.js", """
            const cluster = require('node:cluster');
            process.execPath = process.argv[2];
            cluster.setupPrimary({ exec: 'worker', args: ['--urls=http://127.0.0.1:0'], execArgv: [] });
            cluster.on('listening', (w, a) => console.log('listening', w.id, a.port, a.addressType));
            cluster.on('exit', (w, code, signal) => console.log('exit', w.id, code, signal, w.exitedAfterDisconnect));
            cluster.on('message', (w, m) => console.log('message', w.id, m));
            cluster.fork(); cluster.fork();
            process.stdin.on('data', () => cluster.disconnect());
            """);
        await using var primary = new TestProgram("node", [script, Programs.WebApp], new Dictionary<string, string?> { ["NODE_CLUSTER_SCHED_POLICY"] = policy });
        var url = new Uri((await primary.ExpectEverAsync("message 1 urls ")).Split(' ')[^1]);
        await primary.ExpectEverAsync("message 2 urls ");
        await primary.ExpectEverAsync($"listening 1 {url.Port} 4");
        var served = new HashSet<string>();
        await Scheduling.EventuallyAsync(async () =>
        {
            using var client = new HttpClient { Timeout = TestProgram.Patience };
            served.Add(await client.GetStringAsync(url));
            return served.Count == 2;
        });
        await primary.TellAsync("disconnect");
        await primary.ExpectEverAsync("exit 1 0 null true");
        await primary.ExpectEverAsync("exit 2 0 null true");
    }

    [Theory]
    [InlineData("rr")]
    [InlineData("none")]
    public async Task NodeWorkers_ListenOnAPath_UnderOurPrimary(string policy)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "socket");
        var script = await folder.WriteAsync("server.js", $$"""
            const cluster = require('node:cluster');
            require('node:http').createServer((q, s) => { s.setHeader('connection', 'close'); s.end(`${cluster.worker.id}`); }).listen('{{path}}');
            """);
        await using var cluster = await TestCluster.StartAsync($"policy {policy}", $"setup exec={script}", "fork", "fork");
        await cluster.ExpectEverAsync($"listening 1 {path} -1 -1");
        await cluster.ExpectEverAsync($"listening 2 {path} -1 -1");
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var client = new HttpClient(handler) { Timeout = TestProgram.Patience };
        var served = new HashSet<string>();
        await Scheduling.EventuallyAsync(async () => served.Add(await client.GetStringAsync("http://localhost/")) && served.Count == 2);
        await cluster.TellAsync("disconnectall");
        await cluster.ExpectEverAsync("exit 1 code=0 signal= asked=True");
        await cluster.ExpectEverAsync("exit 2 code=0 signal= asked=True");
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task NodeWorkers_ShareAUdpPort_UnderOurPrimary()
    {
        using var folder = new TemporaryFolder();
        var script = await folder.WriteAsync("server.js", """
            const cluster = require('node:cluster');
            const socket = require('node:dgram').createSocket('udp4');
            socket.on('message', (m, from) => socket.send(`${cluster.worker.id} ${m}`, from.port, from.address));
            socket.bind({ port: 0, address: '127.0.0.1' });
            """);
        await using var cluster = await TestCluster.StartAsync($"setup exec={script}", "fork", "fork");
        var port = int.Parse((await cluster.ExpectEverAsync("listening 1 127.0.0.1 ")).Split(' ')[3], System.Globalization.CultureInfo.InvariantCulture);
        await cluster.ExpectEverAsync($"listening 2 127.0.0.1 {port} udp4");
        using var client = new UdpClient();
        client.Connect(IPAddress.Loopback, port);
        await client.SendAsync("hello"u8.ToArray(), TestContext.Current.CancellationToken);
        var answer = await client.ReceiveAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TestProgram.Patience, TestContext.Current.CancellationToken);
        Assert.Matches("^[12] hello$", Encoding.UTF8.GetString(answer.Buffer));

        // The other one has the port all the same, and serves when the first is gone.
        var first = answer.Buffer[0] - '0';
        await cluster.TellAsync($"kill {first} SIGKILL");
        await cluster.ExpectEverAsync($"exit {first} ");
        await client.SendAsync("again"u8.ToArray(), TestContext.Current.CancellationToken);
        answer = await client.ReceiveAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TestProgram.Patience, TestContext.Current.CancellationToken);
        Assert.Equal($"{3 - first} again", Encoding.UTF8.GetString(answer.Buffer));
    }
}
