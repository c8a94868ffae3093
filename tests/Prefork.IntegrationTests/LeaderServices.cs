namespace Prefork.IntegrationTests;

/// <summary>A hosted service of AddLeaderHostedService runs in one worker at a time, and in the next when that one is gone.</summary>
public class LeaderServices
{
    [Fact]
    public async Task TheService_RunsInOneWorker_AndMovesWhenThatIsKilled()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await StartAsync(folder);
        await cluster.ExpectEverAsync("message 1 leads");
        for (var leader = 1; leader <= 5; leader++)
        {
            await cluster.TellAsync($"kill {leader} SIGKILL");
            await cluster.ExpectAsync($"message {leader + 1} leads");
            await ForkAsync(cluster, leader + 3);
        }

        AssertOneAtATime(cluster);
    }

    [Fact]
    public async Task ALeaderThatLeaves_StopsTheService_BeforeTheNextStartsIt()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await StartAsync(folder, "HOLD=1");
        await cluster.ExpectEverAsync("message 1 leads");
        using var client = new HttpClient();
        var served = await KeepAllBusyAsync(cluster, client);
        await cluster.TellAsync("disconnect 1");
        await cluster.ExpectAsync("message 1 ending");
        await cluster.TellAsync("send 1 letgo");
        await cluster.ExpectAsync("message 2 leads");

        // While the old one still serves, and after it has stopped the service.
        Assert.Contains("message 1 stopped", cluster.Seen);
        Assert.DoesNotContain(cluster.Seen, line => line.StartsWith("exit 1", StringComparison.Ordinal));
        Assert.All(await served, text => Assert.Equal("served", text));
        await cluster.ExpectAsync("exit 1 code=0");
        AssertOneAtATime(cluster);
    }

    [Fact]
    public async Task AWorkerThatIsTerminated_HandsOverBeforeItIsGone()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await StartAsync(folder);
        await cluster.ExpectEverAsync("message 1 leads");
        using var client = new HttpClient();
        var served = await KeepAllBusyAsync(cluster, client);
        await cluster.TellAsync("kill 1 SIGTERM");
        await cluster.ExpectAsync("message 2 leads");
        Assert.DoesNotContain(cluster.Seen, line => line.StartsWith("exit 1", StringComparison.Ordinal));
        Assert.All(await served, text => Assert.Equal("served", text));
        await cluster.ExpectAsync("exit 1 ");
        AssertOneAtATime(cluster);
    }

    [Fact]
    public async Task Alone_ItIsAnOrdinaryHostedService()
    {
        using var folder = new TemporaryFolder();
        await using var app = new TestProgram(Programs.ChecksApp, null, new Dictionary<string, string?> { ["WITH"] = "leader", ["LOCK"] = $"{folder.Path}/lock" });
        await app.ExpectAsync("leads");
        Assert.EndsWith("id= workers=1 generation=0 leader=True", await app.ExpectEverAsync("urls"), StringComparison.Ordinal);
        app.Signal(Native.SigTerm);
        await app.ExpectAsync("ending");
        await app.ExpectAsync("stopped");
        Assert.Equal(0, await app.WaitForExitAsync());
    }

    [Fact]
    public async Task TheContext_IsInTheServices()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await StartAsync(folder, "PREFORK_GENERATION=3");
        using var client = new HttpClient();
        client.DefaultRequestHeaders.ConnectionClose = true;
        var answers = new HashSet<string>();
        for (var i = 0; i < 6; i++)
        {
            answers.Add(await client.GetStringAsync($"{Url(cluster)}context"));
        }

        Assert.Equal(["1 3 3 True", "2 3 3 False", "3 3 3 False"], answers.Order());
    }

    private static async Task<TestCluster> StartAsync(TemporaryFolder folder, string environment = "")
    {
        var cluster = await TestCluster.StartAsync(
            new Dictionary<string, string?> { ["WITH"] = "leader,checks:None,warmup", ["LOCK"] = $"{folder.Path}/lock" },
            $"setup exec={Programs.ChecksApp}");
        for (var i = 1; i <= 3; i++)
        {
            await ForkAsync(cluster, i, environment);
        }

        return cluster;
    }

    private static async Task ForkAsync(TestCluster cluster, int id, string environment = "")
    {
        await cluster.TellAsync($"fork {environment}".TrimEnd());
        await cluster.ExpectAsync($"message {id} urls");
    }

    /// <summary>A request to each worker that it is at for some seconds; returns when all of them are at it.</summary>
    private static async Task<Task<string[]>> KeepAllBusyAsync(TestCluster cluster, HttpClient client)
    {
        var served = Enumerable.Range(0, 3).Select(_ => client.GetStringAsync($"{Url(cluster)}?ms=4000")).ToList();
        for (var i = 0; i < 3; i++)
        {
            await cluster.ExpectAsync("message ");
        }

        return Task.WhenAll(served);
    }

    private static string Url(TestCluster cluster) => $"{cluster.Seen.First(line => line.Contains(" urls ", StringComparison.Ordinal)).Split(' ')[3]}/";

    private static void AssertOneAtATime(TestCluster cluster) => Assert.DoesNotContain(cluster.Seen, line => line.Contains("conflict", StringComparison.Ordinal));
}
