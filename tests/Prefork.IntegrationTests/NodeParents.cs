using System.Globalization;

namespace Prefork.IntegrationTests;

/// <summary>Node's child_process.fork across the border: a .NET child of a Node parent, and a Node child that is no cluster worker under our primary.</summary>
public class NodeParents
{
    private static readonly string Values = Path.Combine(AppContext.BaseDirectory, "values.js");

    /// <summary>A Node parent, without a cluster, with one child of ours; it obeys its standard input.</summary>
    private const string Parent = """
        const { fork } = require('node:child_process');
        const net = require('node:net');
        const dgram = require('node:dgram');
        const say = (...words) => console.log(words.join(' '));
        const [, app, serialization, values, ...options] = process.argv;
        const child = fork('child', options, { execPath: app, execArgv: [], serialization, stdio: ['pipe', 'inherit', 'inherit', 'ipc'] });
        let hear = (m, socket) => say('child', m);
        child.on('message', (m, socket) => hear(m, socket));
        child.on('disconnect', () => say('disconnect', child.connected));
        child.on('exit', (code, signal) => say('exit', code, signal));
        const client = port => net.connect(port, '127.0.0.1').setEncoding('utf8').on('data', d => say('client heard', d));
        const commands = {
          send: text => child.send(text),
          input: text => child.stdin.write(`${text}\n`),
          values: () => require(values).run(v => child.send(v), f => { hear = f; }, say),
          connection: () => {
            const server = net.createServer({ pauseOnConnect: true }, c => {
              child.send('connection', c, () => server.close(() => say('server closed')));
            }).listen(0, '127.0.0.1', () => client(server.address().port));
            server.on('connection', () => server.getConnections((error, count) => say('connections', error, count)));
          },
          server: () => {
            const server = net.createServer().listen(0, '127.0.0.1', () => {
              const { port } = server.address();
              child.send('server', server, () => server.close(() => client(port)));
            });
          },
          udp: () => {
            const udp = dgram.createSocket('udp4').bind(0, '127.0.0.1', () => {
              const { port } = udp.address();
              child.send('udp', udp, () => {
                udp.close();
                const asks = dgram.createSocket('udp4').on('message', d => { say('client heard', d); asks.close(); });
                asks.send('x', port, '127.0.0.1');
              });
            });
          },
          take: kind => {
            hear = (m, socket) => {
              say('child', m);
              if (!socket) return;
              if (m === 'connection') socket.end('from the parent');
              if (m === 'server') client(socket.on('connection', c => { c.end('from the parent'); socket.close(); }).address().port);
              if (m === 'udp') {
                const asks = dgram.createSocket('udp4').on('message', d => { say('client heard', d); asks.close(); socket.close(); });
                socket.on('message', (d, from) => socket.send('from the parent', from.port, from.address));
                asks.send('x', socket.address().port, '127.0.0.1');
              }
            };
            child.send(`send ${kind}`);
          },
          raw: text => child.send(JSON.parse(text)),
          disconnect: () => child.disconnect(),
          die: () => process.kill(process.pid, 'SIGKILL'),
        };
        require('node:readline').createInterface({ input: process.stdin }).on('line', line => {
          const at = line.indexOf(' ');
          commands[at < 0 ? line : line.slice(0, at)](at < 0 ? '' : line.slice(at + 1));
        });
        """;

    [Theory]
    [InlineData("json")]
    [InlineData("advanced")]
    public async Task MessagesGoBothWays_AndTheChildIsAPrimary(string serialization)
    {
        await using var parent = await StartAsync(serialization);
        await parent.TellAsync("send héllo € x");
        await parent.ExpectAsync("child heard héllo € x True True");
        await parent.TellAsync("raw {\"cmd\":\"NODE_CLUSTER\",\"act\":\"disconnect\",\"seq\":0}");
        await parent.TellAsync("raw {\"cmd\":\"NODE_PREFORK\",\"act\":\"request\",\"id\":1,\"name\":\"x\"}");
        await parent.TellAsync("raw {\"cmd\":\"NODE_UNKNOWN\"}");
        await parent.TellAsync("send after what is not for it");
        await parent.ExpectAsync("child heard after what is not for it");
        await parent.TellAsync("send disconnect");
        await parent.ExpectAsync("child goodbye");
        await parent.ExpectEverAsync("disconnected False");
        await parent.ExpectEverAsync("closed");
        await parent.ExpectEverAsync("disconnect false");
        await parent.ExpectEverAsync("exit 0 ");
    }

    [Theory]
    [InlineData("json")]
    [InlineData("advanced")]
    public async Task SocketsOfEachKind_GoToTheChild_AndBack(string serialization)
    {
        await using var parent = await StartAsync(serialization);
        await parent.TellAsync("connection");
        await parent.ExpectEverAsync("client heard connection served");

        // Node asks the child how many it has got, and whether they are closed.
        await parent.ExpectEverAsync("connections  ");
        await parent.ExpectEverAsync("server closed");
        await parent.TellAsync("server");
        await parent.ExpectAsync("client heard accepted");
        await parent.TellAsync("udp");
        await parent.ExpectAsync("client heard datagram");
        await parent.TellAsync("take connection");
        await parent.ExpectAsync("child client heard from the parent");
        await parent.TellAsync("take server");
        await parent.ExpectAsync("client heard from the parent");
        await parent.TellAsync("take udp");
        await parent.ExpectAsync("client heard from the parent");
        await parent.TellAsync("disconnect");
        await parent.ExpectEverAsync("disconnect false");
        await parent.ExpectEverAsync("exit 0 ");
    }

    [Fact]
    public async Task EveryValueOfANodeParent_ComesBackFromItsChild_AsItWas()
    {
        await using var parent = await StartAsync("advanced");
        await parent.TellAsync("values");
        await parent.ExpectAsync("all ");
        Assert.DoesNotContain(parent.Seen, line => line.StartsWith("bad ", StringComparison.Ordinal));
        Assert.True(parent.Seen.Count(line => line.StartsWith("ok ", StringComparison.Ordinal)) > 70);
    }

    [Fact]
    public async Task WhatComesBeforeTheChildListens_IsKept_InItsOrder()
    {
        await using var parent = await StartAsync("json", "late");
        await parent.ExpectAsync("child waits");
        await parent.TellAsync("send one");
        await parent.TellAsync("send two");
        await parent.TellAsync("input go");
        await parent.ExpectAsync("child heard one");
        await parent.ExpectAsync("child heard two");
    }

    [Fact]
    public async Task AParentThatDies_IsADisconnect_AndTheChildGoesOnToItsEnd()
    {
        await using var parent = await StartAsync("json");
        await parent.TellAsync("send hello");
        await parent.ExpectAsync("child heard hello");
        await parent.TellAsync("die");

        // It writes to the standard output that it has from its parent: alive, and with the handlers run.
        await parent.ExpectAsync("disconnected False");
        await parent.ExpectAsync("closed");
    }

    [Fact]
    public async Task TheChildsOwnChildren_GetNothingOfTheChannel()
    {
        await using var parent = await StartAsync("advanced");
        await parent.TellAsync("send spawn");
        var words = (await parent.ExpectAsync("child spawned ")).Split(' ');
        Assert.Equal("", words[3]);
        await AssertNothingIsInheritedAsync(parent, int.Parse(words[2], CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task AChildThatNeverAsksForItsParent_IsAPrimary_AndLeaksNothingEither()
    {
        await using var parent = await StartAsync("json", "ignore");
        var words = (await parent.ExpectAsync("primary True channel  spawned ")).Split(' ');
        await AssertNothingIsInheritedAsync(parent, int.Parse(words[5], CultureInfo.InvariantCulture), ends: true);
    }

    [Fact]
    public async Task AChild_MayHaveWorkersOfItsOwn()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "worker.js");
        await File.WriteAllTextAsync(script, """
            process.on('message', m => process.send(`${m} from ${require('node:cluster').worker.id}`, () => process.disconnect()));
            """);
        await using var parent = await StartAsync("json");
        await parent.TellAsync($"send fork {script}");
        await parent.ExpectAsync("child worker 1: hello from 1");
        await parent.ExpectAsync("child worker 1 exits 0");
    }

    [Theory]
    [InlineData("json")]
    [InlineData("advanced")]
    public async Task ANodeProgramThatKnowsNoCluster_TalksToOurPrimary_AndSendsSockets(string serialization)
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "child.js");
        await File.WriteAllTextAsync(script, """
            const { createServer, connect } = require('node:net');
            process.on('disconnect', () => console.log('child disconnected'));
            process.on('message', (m, socket) => {
              if (socket) socket.end('from the child');
              else if (m === 'send') {
                const server = createServer({ pauseOnConnect: true }, c => process.send('a connection', c, () => server.close()));
                server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => connect(server.address().port, '127.0.0.1').on('data', d => process.send(`client heard ${d}`.trim())));
              } else if (m === 'leave') process.disconnect();
              else process.send(`heard ${m}`);
            });
            """);
        await using var cluster = await TestCluster.StartAsync($"setup serialization={serialization}", $"setup exec={script}");
        await cluster.ForkAsync();
        await cluster.TellAsync("send 1 héllo €");
        await cluster.ExpectAsync("message 1 heard héllo €");
        await cluster.TellAsync("sendsocket 1 connected");
        await cluster.ExpectAsync("heard from the child");
        await cluster.TellAsync("send 1 send");
        await cluster.ExpectEverAsync("message 1 a connection +socket Stream");
        await cluster.ExpectEverAsync("message 1 client heard from the primary");
        await cluster.TellAsync("send 1 leave");
        await cluster.ExpectEverAsync("disconnect 1");
        await cluster.ExpectEverAsync("exit 1 code=0");
    }

    private static async Task AssertNothingIsInheritedAsync(TestProgram parent, int pid, bool ends = false)
    {
        try
        {
            if (!ends)
            {
                var environment = await File.ReadAllTextAsync($"/proc/{pid}/environ");
                Assert.DoesNotContain("NODE_CHANNEL", environment, StringComparison.Ordinal);
                await parent.TellAsync("send disconnect");
            }

            // Had the grandchild the descriptor, the parent would not hear of the end.
            await parent.ExpectEverAsync("disconnect false");
            await parent.ExpectEverAsync("exit 0 ");
        }
        finally
        {
            Native.Kill(pid, Native.SigKill);
        }
    }

    private static async Task<TestProgram> StartAsync(string serialization, params string[] options)
    {
        var parent = new TestProgram("node", ["-e", Parent, Programs.ClusterApp, serialization, Values, .. options]);
        if (options.Length == 0)
        {
            await parent.TellAsync("send first");
            await parent.ExpectAsync("child heard first");
        }

        return parent;
    }
}
