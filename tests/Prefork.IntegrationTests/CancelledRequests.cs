namespace Prefork.IntegrationTests;

/// <summary>Whoever asks may give up: at once, whatever the other side does, and nothing is left of it.</summary>
public class CancelledRequests
{
    [Fact]
    public async Task ThePrimaryGivesUp_TheHandlerHearsIt_AndLaterRequestsWork()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkReadyAsync();
        await cluster.TellAsync("ask 1 never x");
        await cluster.TellAsync("requests 1");
        await cluster.ExpectAsync("waiting 1 answering 0");
        await cluster.TellAsync("giveup");
        await cluster.ExpectAsync("given up, by my token: True");
        await cluster.ExpectEverAsync("message 1 cancelled");
        await AssertWorksAsync(cluster);
    }

    [Fact]
    public async Task AWorkerGivesUp_TheHandlerHearsIt_AndLaterRequestsWork()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkReadyAsync();
        await cluster.TellAsync("send 1 askfor never x");
        await Scheduling.EventuallyAsync(async () =>
        {
            await cluster.TellAsync("requests 1");
            return await cluster.ExpectAsync("waiting ") == "waiting 0 answering 1";
        });
        await cluster.TellAsync("send 1 giveup");
        await cluster.ExpectAsync("message 1 given up, by my token: True");
        await cluster.ExpectEverAsync("cancelled by 1");
        await cluster.TellAsync("send 1 ask double ab");
        await cluster.ExpectAsync("message 1 answer 1:abab");
        await AssertWorksAsync(cluster);
    }

    [Fact]
    public async Task ATokenThatIsCancelledAlready_AsksNobody()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkReadyAsync();
        await cluster.TellAsync("giveup");
        await cluster.TellAsync("ask 1 never x");
        await cluster.ExpectAsync("given up, by my token: True");
        await AssertWorksAsync(cluster);
        Assert.DoesNotContain("message 1 cancelled", cluster.Seen);
    }

    [Fact]
    public async Task AWorkerThatDoesNotRead_HoldsUpNobodyWhoGivesUp()
    {
        await using var cluster = await TestCluster.StartAsync();
        var pid = await cluster.ForkReadyAsync();
        await Scheduling.StopAsync(pid);

        // More than the kernel takes: the first is half written and goes out, the others wait and never do.
        await cluster.TellAsync($"ask 1 shout {new string('x', 2_000_000)}");
        await cluster.TellAsync("ask 1 never x");
        await cluster.TellAsync("request 1 never x 100");
        await cluster.ExpectAsync("failed TimeoutException");
        await cluster.TellAsync("giveup");
        await cluster.ExpectAsync("given up, by my token: True");
        await cluster.ExpectAsync("given up, by my token: True");
        await cluster.TellAsync($"request 1 shout {new string('y', 2_000_000)} 100");
        await cluster.ExpectAsync("failed TimeoutException");
        Native.Kill(pid, Native.SigCont);
        await AssertWorksAsync(cluster);
        Assert.DoesNotContain("message 1 cancelled", cluster.Seen);
    }

    [Fact]
    public async Task ThousandsThatAreGivenUp_LeaveNothing_AndHoldBackNobody()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkReadyAsync();
        for (var round = 0; round < 4; round++)
        {
            await cluster.TellAsync("askmany 1 6000");
            await cluster.ExpectAsync("given up 6000 of 6000");
        }

        await AssertWorksAsync(cluster);
    }

    [Fact]
    public async Task MoreThanCanBeAnsweredAtOnce_AreRefused_AndTheOthersCanBeGivenUp()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkReadyAsync();
        await cluster.TellAsync("flood 1 70000");
        await cluster.ExpectAsync("refused: Too many requests are being answered already", TimeSpan.FromMinutes(1));
        await cluster.ExpectAsync("flooded 70000, some refused: True", TimeSpan.FromMinutes(1));
        await AssertWorksAsync(cluster);
    }

    [Fact]
    public async Task GivenUpInTheInstantOfTheAnswer_CostsNothing()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkReadyAsync();
        await cluster.TellAsync("race 1 20000");
        await cluster.ExpectAsync("raced 20000", TimeSpan.FromMinutes(1));
        await AssertWorksAsync(cluster);
    }

    /// <summary>A request is answered, nothing is kept of the earlier ones on either side, and nobody has had an error.</summary>
    private static async Task AssertWorksAsync(TestCluster cluster)
    {
        await cluster.TellAsync("request 1 shout after");
        await cluster.ExpectAsync("reply AFTER");
        await Scheduling.EventuallyAsync(async () =>
        {
            await cluster.TellAsync("requests 1");
            return await cluster.ExpectAsync("waiting ") == "waiting 0 answering 0";
        });
        await Scheduling.EventuallyAsync(async () =>
        {
            await cluster.TellAsync("send 1 requests");
            return await cluster.ExpectAsync("message 1 waiting ") == "message 1 waiting 0 answering 0";
        });
        Assert.DoesNotContain(cluster.Seen, line => line.StartsWith("error", StringComparison.Ordinal));
    }
}
