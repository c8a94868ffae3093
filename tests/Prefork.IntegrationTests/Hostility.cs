namespace Prefork.IntegrationTests;

/// <summary>A worker that breaks the rules hurts itself alone.</summary>
public class Hostility
{
    [Theory]
    [InlineData("half", "in the middle of a message")]
    [InlineData("endless", "over the limit")]
    [InlineData("reopen", "characters of data")]
    public async Task AnOffence_ClosesThatChannel_AndNothingElse(string offence, string expected)
    {
        await using var cluster = await TestCluster.StartAsync();
        var endPoint = await cluster.ListenAllAsync(1);
        await cluster.TellAsync($"fork WORKER_KIND=hostile HOSTILE={offence}");
        Assert.Contains(expected, await cluster.ExpectAsync("error 2 ClusterProtocolException"), StringComparison.Ordinal);
        await cluster.ExpectAsync("disconnect 2 connected=False asked=False");
        await cluster.ExpectAsync("exit 2 code=7");
        Assert.Equal(1, await EchoClient.WhoServesAsync(endPoint));
        await cluster.ForkAsync();
    }

    [Fact]
    public async Task AWorkerThatAsksForThePrimarysDescriptors_GetsNone()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ListenAllAsync(1);
        await cluster.ForkAsync("WORKER_KIND=hostile HOSTILE=steal");
        await cluster.TellAsync("request 1 shout still");
        await cluster.ExpectAsync("reply STILL");
        await cluster.TellAsync("disconnect 2");
        await cluster.ExpectAsync("exit 2 code=7");
    }

    [Theory]
    [InlineData("rr", "poison")]
    [InlineData("none", "poison")]
    [InlineData("rr", "surrogate")]
    public async Task DataThatOthersCannotRead_ReachesNobodyElse(string policy, string data)
    {
        await using var cluster = await TestCluster.StartAsync($"policy {policy}");
        await cluster.TellAsync($"fork WORKER_KIND=hostile HOSTILE={data}");
        await cluster.ExpectAsync("error 1 ClusterProtocolException");
        await cluster.ExpectAsync("exit 1 code=7");
        await cluster.ForkAsync();
        var endPoint = await cluster.ListenAsync(2, "127.0.0.1:0");
        Assert.Equal(2, await EchoClient.WhoServesAsync(endPoint));
        Assert.DoesNotContain(cluster.Seen, line => line.StartsWith("error 2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AWorkerThatAsksAndNeverReads_IsHeldBack()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync("WORKER_KIND=hostile HOSTILE=asks");
        await cluster.ForkReadyAsync();
        var before = Memory(cluster.Id);
        await cluster.TellAsync("request 2 shout still");
        await cluster.ExpectAsync("reply STILL");
        await cluster.TellAsync("disconnect 1");
        await cluster.ExpectAsync("exit 1 code=7");
        Assert.True(Memory(cluster.Id) - before < 64 * 1024 * 1024, $"It grew from {before} to {Memory(cluster.Id)}.");
    }

    [Fact]
    public async Task AWorkerThatFloodsWithEvents_IsHeldBack_WhileAHandlerIsSlow()
    {
        await using var cluster = await TestCluster.StartAsync(new Dictionary<string, string?> { ["LISTENING_BLOCKS"] = "1" });
        var before = Memory(cluster.Id);
        await cluster.TellAsync("fork WORKER_KIND=hostile HOSTILE=listens");
        var pid = int.Parse((await cluster.ExpectAsync("forked 1")).Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(Native.WaitForEnd(pid, TestProgram.Patience), "It still sends.");
        var after = Memory(cluster.Id);
        Assert.True(after - before < 64 * 1024 * 1024, $"It grew from {before} to {after}.");
        await cluster.TellAsync("goon");
        await cluster.ExpectAsync("exit 1 code=9");
    }

    [Fact]
    public async Task AWorkerThatShutsItsLaneDown_IsCutOff_AndItsClientsGoToTheOthers()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        var endPoint = await cluster.ListenAsync(1, "127.0.0.1:0 noaccept");
        var early = EchoClient.WhoServesAsync(endPoint);
        await cluster.TellAsync("send 1 shutlanes");
        await cluster.ExpectAsync("message 1 shut 1");
        var late = EchoClient.WhoServesAsync(endPoint);
        await cluster.ExpectAsync("error 1 ClusterProtocolException: Worker 1 has shut down");
        await cluster.ExpectAsync("disconnect 1");
        await cluster.ForkAsync();
        await cluster.ListenAsync(2, "127.0.0.1:0");
        Assert.All(await Task.WhenAll(early, late), worker => Assert.Equal(2, worker));
    }

    [Fact]
    public async Task ALaneTakesNothingFromItsWorker()
    {
        // It would wait, unread, and be closed by the acceptor.
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ListenAllAsync(1);
        await cluster.TellAsync("send 1 writelanes");
        await cluster.ExpectAsync("message 1 written 0");
    }

    [Fact]
    public async Task DescriptorsThatAWorkerHasTheKernelAdd_AreClosed()
    {
        await using var cluster = await TestCluster.StartAsync("setup handoff=20");
        var endPoint = await cluster.ListenAllAsync(1);

        // What the first one loads and opens for good is not counted.
        await StallAsync(2);
        var before = await OpenAsync();
        await StallAsync(3);
        await StallAsync(4);
        await Scheduling.EventuallyAsync(async () => await OpenAsync() <= before);

        // Its client is taken back, and the question whether it reads lies in its lane until it dies.
        async Task StallAsync(int id)
        {
            await cluster.ForkAsync();
            await cluster.ListenAsync(id, "127.0.0.1:0 noaccept");
            await cluster.TellAsync($"send {id} pidfds");
            var answer = await cluster.ExpectAsync($"message {id} pidfds");
            Assert.SkipUnless(answer.EndsWith(" 1", StringComparison.Ordinal), "This kernel has no SO_PASSPIDFD (Linux 6.5).");
            Assert.All(await Task.WhenAll(EchoClient.WhoServesAsync(endPoint), EchoClient.WhoServesAsync(endPoint)), static worker => Assert.Equal(1, worker));
            await cluster.TellAsync($"kill {id} SIGKILL");
            await cluster.ExpectAsync($"exit {id}");
        }

        async Task<int> OpenAsync()
        {
            await cluster.TellAsync("fds");
            return int.Parse((await cluster.ExpectAsync("fds ")).Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    [Fact]
    public async Task AWorkerThatRefusesTheScoreboard_IsToldOf_AndServesByTheChannel()
    {
        await using var cluster = await TestCluster.StartAsync();
        var endPoint = await cluster.ListenAllAsync(1);
        await cluster.TellAsync("fork WORKER_KIND=hostile HOSTILE=nopage");
        await cluster.ExpectAsync("error 2 Win32Exception: Could not give worker 2 a scoreboard");
        Assert.Equal(1, await EchoClient.WhoServesAsync(endPoint));
        await cluster.TellAsync("disconnect 2");
        await cluster.ExpectAsync("exit 2 code=7");
    }

    private static long Memory(int pid)
    {
        using var process = System.Diagnostics.Process.GetProcessById(pid);
        return process.WorkingSet64;
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(-5)]
    public async Task AWorkerThatLiesOnTheScoreboard_IsCutOff_AndItsConnectionsGoToTheOthers(int lie)
    {
        await using var cluster = await TestCluster.StartAsync("setup handoff=60000");
        await cluster.ForkAsync();
        await cluster.ForkAsync();
        var endPoint = await cluster.ListenAsync(1, "127.0.0.1:0 noaccept");
        await cluster.ListenAsync(2, "127.0.0.1:0");
        var waiting = Enumerable.Range(0, 10).Select(_ => EchoClient.WhoServesAsync(endPoint)).ToList();
        await Scheduling.EventuallyAsync(() => Task.FromResult(waiting.Count(task => task.IsCompleted) == 5));
        await cluster.TellAsync($"send 1 lie {lie}");
        await cluster.TellAsync("request 1 shout done");
        await cluster.ExpectAsync("reply DONE");
        waiting.Add(EchoClient.WhoServesAsync(endPoint));
        await cluster.ExpectAsync("error 1 ClusterProtocolException: Worker 1 says on the scoreboard");
        await cluster.ExpectAsync("disconnect 1");
        await cluster.ExpectAsync("exit 1");
        Assert.All(await Task.WhenAll(waiting), worker => Assert.Equal(2, worker));
    }
}
