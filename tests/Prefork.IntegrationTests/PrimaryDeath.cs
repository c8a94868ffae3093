using System.Globalization;

namespace Prefork.IntegrationTests;

/// <summary>When the primary dies, its workers go at once, and nobody holds the port.</summary>
public class PrimaryDeath
{
    [Theory]
    [InlineData("rr")]
    [InlineData("none")]
    public async Task EveryWorkerExits_AndThePortIsFree(string policy)
    {
        await using var cluster = await TestCluster.StartAsync($"policy {policy}");
        var endPoint = await cluster.ListenAllAsync(3);
        using var client = await EchoClient.ConnectAsync(endPoint);
        await client.WorkerAsync();
        var workers = Workers(cluster);
        cluster.Signal(Native.SigKill);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await Scheduling.EventuallyAsync(() => Task.FromResult(!workers.Exists(IsAlive)));
        await Listening.AssertRefusedAsync(endPoint);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"It took {clock.Elapsed}.");
    }

    [Fact]
    public async Task AWorkerThatSaysSo_LivesOn()
    {
        await using var cluster = await TestCluster.StartAsync();
        var pid = await cluster.ForkAsync("STAY=1");
        await cluster.ListenAsync(1, "127.0.0.1:0");
        await cluster.TellAsync("send 1 stay");
        await cluster.ExpectAsync("message 1 stays");
        await cluster.TellAsync("send 1 spawn sleep 30");
        var child = int.Parse((await cluster.ExpectAsync("message 1 spawned ")).Split(' ')[3], CultureInfo.InvariantCulture);
        cluster.Signal(Native.SigKill);
        await cluster.WaitForExitAsync();

        // It can tell: its thread that listens for the primary has seen the end by the time its listener has ended.
        await Scheduling.EventuallyAsync(() => Task.FromResult(!Scheduling.HasThread(pid, "prefork intake")));
        Assert.True(IsAlive(pid));
        Native.Kill(pid, Native.SigKill);
        Native.Kill(child, Native.SigKill);
    }

    [Fact]
    public async Task AnUnhandledException_InThePrimary_EndsTheWorkersToo()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ListenAllAsync(2);
        var workers = Workers(cluster);
        await cluster.TellAsync("throw");
        await cluster.WaitForExitAsync();
        await Scheduling.EventuallyAsync(() => Task.FromResult(!workers.Exists(IsAlive)));
    }

    private static List<int> Workers(TestCluster cluster)
        => [.. cluster.Seen.Where(line => line.StartsWith("forked", StringComparison.Ordinal)).Select(line => int.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture))];

    private static bool IsAlive(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1][0] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }
}
