namespace Prefork.IntegrationTests;

/// <summary>
/// One worker leads, never two, whatever happens to it. Those who lead hold an exclusive lock on one file meanwhile, and say "conflict" when
/// somebody else has it.
/// </summary>
public class Leading
{
    private const int SigCont = 18;

    [Fact]
    public async Task AmongWorkers_ExactlyOneLeads_TheOldest()
    {
        await using var cluster = await TestCluster.StartAsync();
        var contexts = new List<string>();
        for (var i = 1; i <= 4; i++)
        {
            await cluster.ForkAsync();
        }

        for (var i = 1; i <= 4; i++)
        {
            contexts.Add(await ContextAsync(cluster, i));
        }

        Assert.Equal(["workers=4 leader=True generation=0", .. Enumerable.Repeat("workers=4 leader=False generation=0", 3)], contexts);
    }

    [Fact]
    public async Task WhenTheLeaderIsKilled_AnotherLeads_NeverTwoAtOnce()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync();
        await ForkAndLeadAsync(cluster, folder);
        await cluster.ExpectAsync("message 1 leads");
        await ForkAndLeadAsync(cluster, folder);
        await ForkAndLeadAsync(cluster, folder);
        for (var leader = 1; leader <= 20; leader++)
        {
            await cluster.TellAsync($"kill {leader} SIGKILL");
            await cluster.ExpectAsync($"message {leader + 1} leads");
            await ForkAndLeadAsync(cluster, folder);
        }

        AssertNoConflict(cluster);
    }

    [Fact]
    public async Task AKilledLeadersSuccessor_HearsAfterTheEnd()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync();
        var first = await ForkAndLeadAsync(cluster, folder);
        await cluster.ExpectAsync("message 1 leads");
        await ForkAndLeadAsync(cluster, folder);

        // Stopped, it neither works nor dies: it stays the leader.
        await Scheduling.StopAsync(first);
        Assert.Contains("leader=False", await ContextAsync(cluster, 2));
        Native.Kill(first, 9);
        await cluster.ExpectAsync("message 2 leads");
        AssertNoConflict(cluster);
    }

    [Fact]
    public async Task AStoppedLeader_StaysIt()
    {
        await using var cluster = await TestCluster.StartAsync();
        var first = await cluster.ForkAsync();
        await cluster.ForkAsync();
        await Scheduling.StopAsync(first);
        Assert.Contains("leader=False", await ContextAsync(cluster, 2));
        Native.Kill(first, SigCont);
        Assert.Contains("leader=True", await ContextAsync(cluster, 1));
    }

    [Fact]
    public async Task ALeaderThatLeaves_HandsOverWhenItsWorkHasStopped_AndNotBefore()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync();
        await ForkAndLeadAsync(cluster, folder, "leadandhold");
        await cluster.ExpectAsync("message 1 leads");
        await ForkAndLeadAsync(cluster, folder);

        // A connection that it serves keeps it in its leave.
        using var client = await EchoClient.ConnectAsync(await cluster.ListenAsync(1, "127.0.0.1:0"));
        await client.WorkerAsync();
        await cluster.TellAsync("disconnect 1");
        await cluster.ExpectAsync("message 1 ending");
        Assert.Contains("leader=False", await ContextAsync(cluster, 1));
        Assert.Contains("leader=False", await ContextAsync(cluster, 2));
        await cluster.TellAsync("send 1 letgo");
        await cluster.ExpectAsync("message 2 leads");
        Assert.Equal("hello", await client.EchoAsync("hello"));
        AssertNoConflict(cluster);
    }

    [Fact]
    public async Task ALeaderThatLeavesAndNeverLetsGo_IsReplacedWhenItsProcessHasEnded()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync();
        await ForkAndLeadAsync(cluster, folder, "leadandhold", "STAY=1");
        await cluster.ExpectAsync("message 1 leads");
        await ForkAndLeadAsync(cluster, folder);
        await cluster.TellAsync("disconnect 1");
        await cluster.ExpectAsync("disconnect 1 connected=False");
        Assert.Contains("leader=False", await ContextAsync(cluster, 2));
        await cluster.TellAsync("kill 1 SIGKILL");
        await cluster.ExpectAsync("message 2 leads");
        AssertNoConflict(cluster);
    }

    [Fact]
    public async Task ALeaderThatIsCutOff_LeadsTillItsProcessHasEnded()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync();
        await ForkAndLeadAsync(cluster, folder, "leadandhold", "STAY=1");
        await cluster.ExpectAsync("message 1 leads");
        await ForkAndLeadAsync(cluster, folder);
        await cluster.TellAsync("send 1 closechannel");
        await cluster.ExpectAsync("disconnect 1 connected=False asked=False");
        Assert.Contains("leader=False", await ContextAsync(cluster, 2));
        await cluster.TellAsync("kill 1 SIGKILL");
        await cluster.ExpectAsync("message 2 leads");
        AssertNoConflict(cluster);
    }

    [Fact]
    public async Task ALeaderThatResigns_LeadsNoMore_AndNeverAgain()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync();
        await ForkAndLeadAsync(cluster, folder);
        await cluster.ExpectAsync("message 1 leads");
        await ForkAndLeadAsync(cluster, folder);
        await cluster.TellAsync("send 1 resign");
        await cluster.ExpectAsync("message 2 leads");
        await cluster.TellAsync("kill 2 SIGKILL");
        await cluster.ExpectAsync("exit 2 ");
        Assert.Contains("leader=False", await ContextAsync(cluster, 1));
        await cluster.TellAsync($"send 1 lead {folder.Path}/lock");
        await cluster.ExpectAsync("message 1 will not lead");
        await ForkAndLeadAsync(cluster, folder);
        await cluster.ExpectEverAsync("message 3 leads");
        AssertNoConflict(cluster);
    }

    [Fact]
    public async Task AWorkerThatLeavesBeforeItLeads_IsPassedOver()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync();
        await ForkAndLeadAsync(cluster, folder);
        await cluster.ExpectAsync("message 1 leads");
        await ForkAndLeadAsync(cluster, folder);
        await ForkAndLeadAsync(cluster, folder);
        using var client = await EchoClient.ConnectAsync(await cluster.ListenAsync(2, "127.0.0.1:0"));
        await client.WorkerAsync();
        await cluster.TellAsync("disconnect 2");
        await cluster.ExpectAsync("message 2 will not lead");
        await cluster.TellAsync("kill 1 SIGKILL");
        await cluster.ExpectAsync("message 3 leads");
        AssertNoConflict(cluster);
    }

    [Fact]
    public async Task RollingReplacement_HandsOnFromOneToTheNext()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync();
        await ForkAndLeadAsync(cluster, folder);
        await cluster.ExpectAsync("message 1 leads");
        for (var old = 1; old <= 10; old++)
        {
            await ForkAndLeadAsync(cluster, folder);
            await cluster.TellAsync($"disconnect {old}");
            await cluster.ExpectAsync($"message {old + 1} leads");
        }

        AssertNoConflict(cluster);
    }

    [Fact]
    public async Task ANodeWorker_CountsAndDoesNotLead()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "worker.js");
        await File.WriteAllTextAsync(script, "setInterval(() => {}, 1000);");
        await using var cluster = await TestCluster.StartAsync($"setup exec={script}");
        await cluster.ForkAsync();
        await cluster.TellAsync($"setup exec={Programs.ClusterApp}");
        await cluster.ForkAsync();
        Assert.Equal("workers=2 leader=True generation=0", await ContextAsync(cluster, 2));
    }

    [Fact]
    public async Task TheCount_FollowsWhoIsThere()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync("send 1 watchcontext");
        await cluster.ExpectAsync("message 1 watches");
        await cluster.ForkAsync();
        await cluster.ExpectEverAsync("message 1 changed workers=2 leader=True");
        await cluster.TellAsync("disconnect 2");
        await cluster.ExpectAsync("message 1 changed workers=1 leader=True");
        await cluster.TellAsync("setup exec=/no/such/program");
        await cluster.TellAsync("fork");
        await cluster.ExpectAsync("error 3 ");
        Assert.Equal("workers=1 leader=True generation=0", await ContextAsync(cluster, 1));
    }

    [Fact]
    public async Task TheGeneration_IsTheForks_AndNotTheChildrens()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync("PREFORK_GENERATION=7");
        Assert.Equal("workers=1 leader=True generation=7", await ContextAsync(cluster, 1));
        await cluster.TellAsync("send 1 env PREFORK_GENERATION");
        Assert.Equal("message 1 env PREFORK_GENERATION=", await cluster.ExpectAsync("message 1 env"));
        await cluster.TellAsync("fork PREFORK_GENERATION=new");
        Assert.StartsWith("threw ArgumentException: PREFORK_GENERATION is 'new'.", await cluster.ExpectAsync("threw"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("advanced")]
    public async Task AClaim_IsGrantedOnce_InEitherFormat(string serialization)
    {
        await using var cluster = await TestCluster.StartAsync($"setup serialization={serialization}");
        await cluster.ForkAsync();
        await cluster.ForkAsync();
        Assert.Equal("workers=2 leader=True generation=0", await ContextAsync(cluster, 1));
        await cluster.TellAsync("send 1 claim a\"ä");
        await cluster.ExpectAsync("message 1 claimed True");
        await cluster.TellAsync("send 2 claim a\"ä");
        await cluster.ExpectAsync("message 2 claimed False");
        await cluster.TellAsync("send 2 claim b");
        await cluster.ExpectAsync("message 2 claimed True");
    }

    private static async Task<int> ForkAndLeadAsync(TestCluster cluster, TemporaryFolder folder, string how = "lead", string environment = "")
    {
        var pid = await cluster.ForkAsync(environment);
        var id = cluster.Seen.Last(line => line.StartsWith("forked ", StringComparison.Ordinal)).Split(' ')[1];
        await cluster.TellAsync($"send {id} {how} {folder.Path}/lock");
        return pid;
    }

    private static async Task<string> ContextAsync(TestCluster cluster, int worker)
    {
        await cluster.TellAsync($"send {worker} context");
        return (await cluster.ExpectAsync($"message {worker} context "))[$"message {worker} context ".Length..];
    }

    private static void AssertNoConflict(TestCluster cluster) => Assert.DoesNotContain(cluster.Seen, line => line.Contains("conflict", StringComparison.Ordinal));
}
