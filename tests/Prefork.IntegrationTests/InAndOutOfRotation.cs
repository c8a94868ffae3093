namespace Prefork.IntegrationTests;

/// <summary>A worker that listens need not have clients: it may be looked at first, be given a part of them, or rest.</summary>
public class InAndOutOfRotation
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AWorkerOutOfRotation_GetsNoClients_AndIsReachedAllTheSame(bool node)
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        var endPoint = await cluster.ListenAsync(1, "127.0.0.1:0");
        await cluster.TellAsync("setup out=true");
        if (node)
        {
            await cluster.TellAsync($"setup exec={await NodePeers.WriteServerAsync(folder)}");
        }

        await cluster.ForkAsync();
        Assert.Equal(endPoint, await cluster.ListenAsync(2, "127.0.0.1:0"));
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(1, await EchoClient.WhoServesAsync(endPoint));
        }

        await cluster.TellAsync("probe 2");
        await cluster.ExpectAsync("probed 2 2 ");

        await cluster.TellAsync("share 2 1");
        await cluster.TellAsync("share 1 0");
        await cluster.TellAsync("probe 1");
        await cluster.ExpectAsync("probed 1 1 ");
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(2, await EchoClient.WhoServesAsync(endPoint));
        }
    }

    [Fact]
    public async Task NobodyInRotation_ClientsWaitInTheBacklog()
    {
        await using var cluster = await TestCluster.StartAsync("setup out=true");
        await cluster.ForkAsync();
        var endPoint = await cluster.ListenAsync(1, "127.0.0.1:0");
        var waiting = Enumerable.Range(0, 10).Select(_ => EchoClient.WhoServesAsync(endPoint)).ToList();
        await cluster.TellAsync("probe 1");
        await cluster.ExpectAsync("probed 1 1 ");
        Assert.DoesNotContain(waiting, client => client.IsCompleted);
        await cluster.TellAsync("share 1 1");
        Assert.All(await Task.WhenAll(waiting), worker => Assert.Equal(1, worker));
    }

    [Fact]
    public async Task AShare_IsExact_AndThePolicyHasTheRest()
    {
        await using var cluster = await TestCluster.StartAsync();
        var endPoint = await cluster.ListenAllAsync(3);
        await cluster.TellAsync("share 3 0.05");
        await cluster.TellAsync("probe 3");
        await cluster.ExpectAsync("probed 3 3 ");
        var shares = new int[4];
        for (var i = 0; i < 200; i++)
        {
            shares[await EchoClient.WhoServesAsync(endPoint)]++;
        }

        Assert.Equal([0, 95, 95, 10], shares);
    }

    [Fact]
    public async Task AShare_IsTheWorkersWhole_WhenItIsTheOnlyOne()
    {
        await using var cluster = await TestCluster.StartAsync();
        var endPoint = await cluster.ListenAllAsync(1);
        await cluster.TellAsync("share 1 0.01");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(1, await EchoClient.WhoServesAsync(endPoint));
        }
    }

    [Fact]
    public async Task AConnectionForAWorkerThatHangs_IsNobodyElses()
    {
        await using var cluster = await TestCluster.StartAsync("setup handoff=50");
        var endPoint = await cluster.ListenAllAsync(2);
        await cluster.TellAsync("setup out=true");
        await cluster.ForkAsync();
        await cluster.ListenAsync(3, "127.0.0.1:0");
        foreach (var stopped in new[] { 2, 3 })
        {
            await cluster.TellAsync($"kill {stopped} SIGSTOP");
            await cluster.ExpectAsync("killed True");
        }

        await cluster.TellAsync("probe 3");
        await cluster.TellAsync("state 3");
        await cluster.ExpectAsync("state 3");

        // One of the two waited for worker 2 till it was taken back; what waits for worker 3 has waited longer.
        Assert.All(await Task.WhenAll(EchoClient.WhoServesAsync(endPoint), EchoClient.WhoServesAsync(endPoint)), worker => Assert.Equal(1, worker));
        await cluster.TellAsync("kill 3 SIGCONT");
        await cluster.ExpectAsync("probed 3 3 ");
    }

    [Fact]
    public async Task WhereWorkersAcceptByThemselves_NoConnectionIsForOneAlone()
    {
        await using var cluster = await TestCluster.StartAsync("policy none");
        await cluster.ListenAllAsync(1);
        await cluster.TellAsync("probe 1");
        Assert.Contains("accepts by itself (scheduling policy none)", await cluster.ExpectAsync("threw InvalidOperationException"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWorkerWithoutListener_CannotBeReached()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync("probe 1");
        Assert.Contains("Worker 1 does not listen", await cluster.ExpectAsync("threw InvalidOperationException"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task APing_IsAnsweredByAWorkerThatWorks_AndNotByOneThatHangs(bool node)
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync();
        if (node)
        {
            await cluster.TellAsync($"setup exec={await NodePeers.WriteServerAsync(folder)}");
        }

        var pid = await cluster.ForkAsync();
        await cluster.TellAsync("ping 1 10");
        await cluster.ExpectAsync("ping 1 answered");
        await cluster.TellAsync("kill 1 SIGSTOP");
        await Scheduling.EventuallyAsync(() => Task.FromResult(Native.IsStopped(pid)));
        await cluster.TellAsync("ping 1 0.3");
        await cluster.ExpectAsync("ping 1 no answer");
        await cluster.TellAsync("kill 1 SIGCONT");
        await cluster.TellAsync("ping 1 10");
        await cluster.ExpectAsync("ping 1 answered");
    }

    [Fact]
    public async Task APing_IsNotAnswered_WhenTheThreadPoolStandsStill()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkReadyAsync();
        await cluster.TellAsync("send 1 blockpool");
        await cluster.ExpectAsync("message 1 blocked");
        await cluster.TellAsync("ping 1 0.3");
        await cluster.ExpectAsync("ping 1 no answer");
    }
}
