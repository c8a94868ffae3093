using System.Diagnostics;

namespace Prefork.Tool.Tests;

/// <summary>
/// A process may have several hosts. Those that have no server say nothing for the worker, and it serves as long as one that has goes on;
/// with the program as it comes, and with the one line on each of its builders.
/// </summary>
public class RunningSeveralHosts
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task HostsBeforeTheServersOne_SayNothingForTheWorker(bool line)
    {
        await using var run = Run("warm-up", line);
        var port = await Running.PortAsync(run);
        await ServesFromTwoAsync(run, port);
        await EndsInOrderAsync(run);
        Assert.DoesNotContain(await run.ErrorsAsync(), static error => error.StartsWith("prefork: worker 3 ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AHostThatStops_LeavesTheOthersOfItsProcessAsTheyAre(bool line)
    {
        await using var run = Run("two-at-once", line);
        var port = await Running.PortAsync(run);
        var pids = await ServesFromTwoAsync(run, port);
        using var client = NewClient();
        var second = new Uri(await client.GetStringAsync($"http://127.0.0.1:{port}/second")).Port;
        Assert.Equal(pids.Order(), (await Running.WorkersAsync(second, 2)).Order());

        // In one worker, which is whichever gets the connection: the other one's second host serves on.
        await client.PostAsync($"http://127.0.0.1:{port}/stop-second", null);
        var left = Assert.Single((await Running.AskAsync(second, "/", 4)).Distinct());
        Assert.Contains(left, pids);
        await client.PostAsync($"http://127.0.0.1:{port}/stop-beside", null);
        Assert.Equal(pids.Order(), (await Running.WorkersAsync(port, 2)).Order());
        await EndsInOrderAsync(run);
        Assert.DoesNotContain(await run.ErrorsAsync(), static error => error.StartsWith("prefork: worker 3 ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AHostThatIsBuiltAgain_ServesInTheSameProcess(bool line)
    {
        await using var run = Run("one-after-another", line);
        var port = await Running.PortAsync(run);
        var pids = await ServesFromTwoAsync(run, port);
        using var client = NewClient();
        var rounds = pids.ToDictionary(static pid => pid, static _ => 1);
        using var timeout = new CancellationTokenSource(TestProgram.Patience);
        for (var hosts = 3; hosts <= 5; hosts++)
        {
            await client.PostAsync($"http://127.0.0.1:{port}/again", null);
            while (rounds.Values.Sum() < hosts)
            {
                // The other worker serves meanwhile: no client is refused, or cut off.
                timeout.Token.ThrowIfCancellationRequested();
                var answer = (await client.GetStringAsync($"http://127.0.0.1:{port}/round")).Split(' ');
                rounds[answer[0]] = int.Parse(answer[1], System.Globalization.CultureInfo.InvariantCulture);
            }
        }

        Assert.Equal(pids.Order(), rounds.Keys.Order());

        // Told by a signal, it does not begin again, and the next worker has its slot.
        Native.Kill(int.Parse(pids[0], System.Globalization.CultureInfo.InvariantCulture), Native.SigTerm);
        await run.ExpectErrorAsync("prefork: worker ", $"pid {pids[0]}) ended (code 0): left by itself");
        Assert.Contains(pids[1], await Running.WorkersAsync(port, 2, without: pids[0]));
        await EndsInOrderAsync(run);
    }

    private static TestProgram Run(string kind, bool line)
        => Running.Run(line ? [Published.WebApp, "-w", "2", "--", "http://127.0.0.1:0", $"--hosts={kind}"] : [Published.Assembly, "-w", "2", "--", kind, "http://127.0.0.1:0"]);

    private static HttpClient NewClient()
    {
        var client = new HttpClient { Timeout = TestProgram.Patience };
        client.DefaultRequestHeaders.ConnectionClose = true;
        return client;
    }

    private static async Task<List<string>> ServesFromTwoAsync(TestProgram run, int port)
    {
        for (var i = 1; i <= 2; i++)
        {
            await run.ExpectErrorAsync($"prefork: worker {i} ", " serves");
        }

        return await Running.WorkersAsync(port, 2);
    }

    /// <summary>At once: nobody waits for a deadline.</summary>
    private static async Task EndsInOrderAsync(TestProgram run)
    {
        var time = Stopwatch.StartNew();
        run.Signal(Native.SigTerm);
        Assert.Equal(0, await run.WaitForExitAsync());
        Assert.InRange(time.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }
}
