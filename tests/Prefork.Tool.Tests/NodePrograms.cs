using System.Text;

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
}
