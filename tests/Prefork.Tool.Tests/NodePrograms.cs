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
}
