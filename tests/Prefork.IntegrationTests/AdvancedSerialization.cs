namespace Prefork.IntegrationTests;

/// <summary>Node's 'advanced' channel, with Node at either end and at none.</summary>
public class AdvancedSerialization
{
    private static readonly string Values = Path.Combine(AppContext.BaseDirectory, "values.js");

    /// <summary>A Node primary with one of our workers; it obeys its standard input as ClusterApp does.</summary>
    private const string Primary = """
        const cluster = require('node:cluster');
        const net = require('node:net');
        const dgram = require('node:dgram');
        process.execPath = process.argv[2];
        cluster.setupPrimary({ exec: 'worker', args: [], execArgv: [], serialization: 'advanced' });
        const say = (...words) => console.log(words.join(' '));
        const worker = cluster.fork();
        let hear = () => {};
        worker.on('online', () => say('online'));
        worker.on('message', (m, handle) => hear(m, handle));
        worker.on('exit', (code, signal) => say('exit', code, signal, worker.exitedAfterDisconnect));
        const commands = {
          values: () => require(process.argv[3]).run(v => worker.send(v), f => { hear = f; }, say),
          ask: value => { hear = m => say('got', require('node:util').inspect(m, { depth: 9, breakLength: Infinity, compact: 9 })); worker.send(eval(`(${value})`)); },
          socket: () => {
            hear = (m, socket) => {
              const same = m.self === m && m.data instanceof Map;
              socket.on('data', d => say('heard', same, d)).setEncoding('utf8');
            };
            const server = net.createServer({ pauseOnConnect: true }, c => {
              const m = { data: new Map([[1, 2]]) }; m.self = m;
              worker.send(m, c);
              server.close();
            }).listen(0, '127.0.0.1', () => net.connect(server.address().port, '127.0.0.1').end('through'));
          },
          udp: () => {
            hear = (m, socket) => say('udp', m.type, socket.address().port === port);
            const udp = dgram.createSocket('udp4'); let port;
            udp.bind(0, '127.0.0.1', () => { port = udp.address().port; worker.send({ type: 'dgram' }, udp); });
          },
          disconnect: () => worker.disconnect(),
        };
        require('node:readline').createInterface({ input: process.stdin }).on('line', line => {
          const at = line.indexOf(' ');
          commands[at < 0 ? line : line.slice(0, at)](at < 0 ? '' : line.slice(at + 1));
        });
        """;

    private const string Sample = """
        { typed: true, name: 'h\u00e9 \u20ac', id: 2n ** 60n + 1n, ratio: 0.1, when: new Date(1700000000123), data: Buffer.from('bytes'), numbers: new Set([1, 2]), counts: new Map([['a', 1]]), next: undefined }
        """;

    [Fact]
    public async Task EveryValueOfANodePrimary_ComesBackFromOurWorker_AsItWas()
    {
        await using var primary = await StartPrimaryAsync();
        await primary.TellAsync("values");
        await ExpectAllAsync(primary);
        await primary.TellAsync("disconnect");
        await primary.ExpectAsync("exit 0  true");
    }

    [Fact]
    public async Task EveryValueOfANodeWorker_ComesBackFromOurPrimary_AsItWas()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "worker.js");
        await File.WriteAllTextAsync(script, $"require({System.Text.Json.JsonSerializer.Serialize(Values)}).run(v => process.send(v), f => process.on('message', f), text => console.log(text));");
        await using var cluster = await TestCluster.StartAsync("setup serialization=advanced", $"setup exec={script}", "fork");
        await ExpectAllAsync(cluster);
    }

    [Fact]
    public async Task AnObject_IsReadAndWrittenByType()
    {
        await using var primary = await StartPrimaryAsync();
        await primary.TellAsync($"ask {Sample.Trim()}");
        Assert.Equal(
            "got { name: 'hé €', id: 1152921504606846977n, ratio: 0.1, when: '2023-11-14T22:13:20.123+00:00', data: 'Ynl0ZXM=', numbers: [ 1, 2 ], counts: { a: 1 }, next: null }",
            await primary.ExpectAsync("got"));
    }

    [Theory]
    [InlineData("{ when: new Date(NaN) }", "got failed NotSupportedException: A Date of NaN ms is invalid")]
    [InlineData("{ typed: true, next: new Date(NaN) }", "got failed NotSupportedException: A Date of NaN ms is invalid")]
    [InlineData("(o => { o.next = o; return o; })({ typed: true })", "got failed NotSupportedException: A part of the message refers to what it is in")]
    [InlineData("{ typed: true, numbers: 5 }", "got failed JsonException: The JSON value could not be converted")]
    public async Task WhatHasNoMeaningInDotNet_IsAnErrorOfThatMessageAlone(string message, string expected)
    {
        await using var primary = await StartPrimaryAsync();
        await primary.TellAsync($"ask {message}");
        Assert.StartsWith(expected, (await primary.ExpectAsync("got")).Replace("'", "", StringComparison.Ordinal), StringComparison.Ordinal);
        await primary.TellAsync("ask { next: 1 }");
        await primary.ExpectAsync("got { next: 1 }");
    }

    [Fact]
    public async Task Sockets_RideOnValues_ToOurWorkerAndBack()
    {
        await using var primary = await StartPrimaryAsync();
        await primary.TellAsync("socket");
        await primary.ExpectAsync("heard true through");
        await primary.TellAsync("udp");
        await primary.ExpectAsync("udp dgram true");
    }

    [Fact]
    public async Task Sockets_RideOnValues_ToOurPrimaryAndBack()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "worker.js");
        await File.WriteAllTextAsync(script, """
            const net = require('node:net');
            process.on('message', (m, socket) => socket.on('data', d => console.log(`heard ${m.self === m} ${m.big} ${d}`)).setEncoding('utf8'));
            const server = net.createServer({ pauseOnConnect: true });
            server.on('connection', c => { const m = { big: 5n }; m.self = m; process.send(m, c); });
            server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => net.connect(server.address().port, '127.0.0.1').end('through'));
            """);
        await using var cluster = await TestCluster.StartAsync("setup serialization=advanced", $"setup exec={script}", "fork");
        await cluster.ExpectAsync("heard true 5 through");
        await cluster.TellAsync("kill 1 SIGKILL");
        await cluster.ExpectAsync("exit 1");
    }

    [Fact]
    public async Task BetweenOurOwn_EverythingIsAsWithJson()
    {
        await using var cluster = await TestCluster.StartAsync("setup serialization=advanced");
        var endPoint = await cluster.ListenAllAsync(2);
        var served = new HashSet<int>();
        await Scheduling.EventuallyAsync(async () =>
        {
            served.Add(await EchoClient.WhoServesAsync(endPoint));
            return served.Count == 2;
        });
        await cluster.TellAsync("send 1 say héllo € {\"cmd\":\"NODE_CLUSTER\"}");
        await cluster.ExpectAsync("message 1 héllo € {\"cmd\":\"NODE_CLUSTER\"}");
        await cluster.TellAsync("request 1 shout quiet");
        await cluster.ExpectAsync("reply QUIET");
        await cluster.TellAsync("send 1 ask double x");
        await cluster.ExpectAsync("message 1 answer 1:xx");
        await cluster.TellAsync("send 1 sendto 2 across");
        await cluster.ExpectAsync("message 2 from 1: across");
        await cluster.TellAsync("sendsocket 1 connected");
        await cluster.ExpectAsync("heard from worker 1");
        await cluster.TellAsync("sendmany 1 20000");
        await cluster.ExpectAsync("sent");
        await cluster.TellAsync("send 1 counted");
        await cluster.ExpectAsync("message 1 counted 20000");
        await cluster.TellAsync("send 1 big 3000000");
        await cluster.ExpectAsync("message 1 xxx");
        await cluster.TellAsync("disconnect 1");
        await cluster.ExpectAsync("exit 1 code=0 signal= asked=True");
        Assert.Equal(2, await EchoClient.WhoServesAsync(endPoint));
    }

    [Fact]
    public async Task WorkersOfBothSerializations_ServeOneCluster()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync("setup serialization=advanced");
        await cluster.ForkAsync();
        var endPoint = await cluster.ListenAsync(1, "127.0.0.1:0");
        Assert.Equal(endPoint, await cluster.ListenAsync(2, "127.0.0.1:0"));
        await cluster.TellAsync("send 1 sendto 2 from json");
        await cluster.ExpectAsync("message 2 from 1: from json");
        await cluster.TellAsync("send 2 sendto 1 from advanced");
        await cluster.ExpectAsync("message 1 from 2: from advanced");
    }

    [Fact]
    public async Task ATreeOfValues_ArrivesInNode_WithItsTypesAndItsCycle()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "worker.js");
        await File.WriteAllTextAsync(script, """
            const assert = require('node:assert');
            process.on('message', m => {
              const want = {
                undefined: undefined, null: null, long: 2 ** 40, negativeZero: -0, text: 'h\u00e9 \u20ac \u{1f600}', big: -(1n << 70n), date: new Date(1700000000123),
                regexp: new RegExp('a+\u20ac', 'gi'), buffer: Buffer.from([1, 2, 3]), view: new DataView(new Uint8Array([4, 5]).buffer), floats: new Float64Array([1.5, -2.5]),
                map: new Map([[1, 'one'], [undefined, new Set(['x', NaN])]]), error: new TypeError('m', { cause: 'c' }), box: new String('boxed'), list: [1, '2'],
              };
              want.self = want;
              want.sparse = Object.assign([], { 0: 1, 1000000: 2 });
              try { assert.deepStrictEqual(m, want); console.log('as expected', m.error.stack); } catch (error) { console.log('differs', error.message.replace(/\n/g, ' ')); }
            });
            """);
        await using var cluster = await TestCluster.StartAsync("setup serialization=advanced", $"setup exec={script}");
        await cluster.ForkAsync();
        await cluster.TellAsync("sendvalue 1 all");
        await cluster.ExpectAsync("as expected s");
        await cluster.TellAsync("sendvalue 1 bad");
        await cluster.ExpectAsync("threw NotSupportedException: System.Uri");
        await cluster.TellAsync("kill 1 SIGKILL");
        await cluster.ExpectAsync("exit 1");
    }

    [Fact]
    public async Task ATreeOfValues_OnAJsonChannel_IsRefused_AndSaysWhatToSet()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync("sendvalue 1 all");
        Assert.Contains("Advanced", await cluster.ExpectAsync("threw InvalidOperationException"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("advanced-garbage", "not in V8's format")]
    [InlineData("advanced-version", "version 16")]
    [InlineData("advanced-endless", "over the limit")]
    [InlineData("advanced-half", "in the middle of a message")]
    [InlineData("advanced-types", "cannot be handled")]
    [InlineData("advanced-reference", "cannot be handled")]
    [InlineData("advanced-deep", "nested deeper")]
    public async Task AnOffence_ClosesThatChannel_AndNothingElse(string offence, string expected)
    {
        await using var cluster = await TestCluster.StartAsync("setup serialization=advanced");
        var endPoint = await cluster.ListenAllAsync(1);
        await cluster.TellAsync($"fork WORKER_KIND=hostile HOSTILE={offence}");
        Assert.Contains(expected, await cluster.ExpectAsync("error 2 ClusterProtocolException"), StringComparison.Ordinal);
        await cluster.ExpectAsync("disconnect 2 connected=False asked=False");
        await cluster.ExpectAsync("exit 2 code=7");
        Assert.Equal(1, await EchoClient.WhoServesAsync(endPoint));
    }

    private static async Task<TestProgram> StartPrimaryAsync()
    {
        var folder = Directory.CreateTempSubdirectory();
        var script = Path.Combine(folder.FullName, "primary.js");
        await File.WriteAllTextAsync(script, Primary);
        var primary = new TestProgram("node", [script, Programs.ClusterApp, Values]);
        await primary.ExpectAsync("online");
        folder.Delete(recursive: true);
        return primary;
    }

    private static async Task ExpectAllAsync(TestProgram program)
    {
        await program.ExpectAsync("all ");
        Assert.DoesNotContain(program.Seen, line => line.StartsWith("bad ", StringComparison.Ordinal));
        Assert.True(program.Seen.Count(line => line.StartsWith("ok ", StringComparison.Ordinal)) > 70);
    }
}
