using System.Net;


namespace Prefork.IntegrationTests;

/// <summary>Who gets a connection, and that none is lost on the way.</summary>
public class Scheduling
{
    [Fact]
    public async Task RoundRobin_SpreadsExactly()
    {
        await using var cluster = await TestCluster.StartAsync();
        var endPoint = await cluster.ListenAllAsync(4);
        var shares = new int[5];
        await Parallel.ForAsync(0, 1000, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (_, _) =>
            Interlocked.Increment(ref shares[await EchoClient.WhoServesAsync(endPoint)]));
        Assert.Equal([0, 250, 250, 250, 250], shares);
    }

    [Fact]
    public async Task LeastConnections_PassesOverTheBusy()
    {
        await using var cluster = await TestCluster.StartAsync("policy least");
        var endPoint = await cluster.ListenAllAsync(2);
        var held = new List<EchoClient>();
        var shares = new int[3];
        for (var i = 0; i < 20; i++)
        {
            var client = await EchoClient.ConnectAsync(endPoint);
            var worker = await client.WorkerAsync();
            shares[worker]++;
            held.Add(client);
        }

        Assert.Equal([0, 10, 10], shares);

        // All of worker 1's connections end; the next ten are its.
        foreach (var client in held.Where((_, i) => i % 2 == 0))
        {
            client.Dispose();
        }

        var next = new List<int>();
        var inARow = 0;
        await EventuallyAsync(async () => (inARow = await EchoClient.WhoServesAsync(endPoint) == 1 ? inARow + 1 : 0) == 20);
        foreach (var _ in Enumerable.Range(0, 5))
        {
            var client = await EchoClient.ConnectAsync(endPoint);
            held.Add(client);
            next.Add(await client.WorkerAsync());
        }

        Assert.All(next, worker => Assert.Equal(1, worker));
        held.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task APolicyOfTheUsersOwn_Decides()
    {
        await using var cluster = await TestCluster.StartAsync("policy last");
        var endPoint = await cluster.ListenAllAsync(3);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(3, await EchoClient.WhoServesAsync(endPoint));
        }
    }

    [Fact]
    public async Task APolicyThatThrows_IsReportedOnce_AndCostsNoConnection()
    {
        await using var cluster = await TestCluster.StartAsync("policy bad");
        var endPoint = await cluster.ListenAllAsync(2);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(1, await EchoClient.WhoServesAsync(endPoint));
        }

        await cluster.ExpectAsync("error  InvalidOperationException: a policy that throws");
        await cluster.TellAsync("workers");
        await cluster.ExpectAsync("workers 1,2");
        Assert.Single(cluster.Seen, line => line.StartsWith("error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ThePolicyCannotChangeAfterTheFirstFork()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync("policy none");
        await cluster.ExpectAsync("threw InvalidOperationException: The scheduling policy cannot change");
    }

    [Theory]
    [InlineData("NODE_CLUSTER_SCHED_POLICY", "none", "none")]
    [InlineData("NODE_CLUSTER_SCHED_POLICY", "NONE", "rr")]
    [InlineData("PREFORK_SCHEDULING_POLICY", "least", "least")]
    public async Task TheEnvironment_NamesThePolicy(string variable, string value, string expected)
    {
        await using var cluster = await TestCluster.StartAsync(new Dictionary<string, string?> { [variable] = value });
        var endPoint = await cluster.ListenAllAsync(2);
        await EchoClient.WhoServesAsync(endPoint);
        await cluster.TellAsync("policy rr");
        await cluster.ExpectAsync("threw InvalidOperationException");
        Assert.Equal(expected == "none", !HasThread(cluster.Id, "prefork accept"));
    }

    [Fact]
    public async Task ABadPolicyInTheEnvironment_IsRefusedEveryTime()
    {
        await using var cluster = await TestCluster.StartAsync(new Dictionary<string, string?> { ["PREFORK_SCHEDULING_POLICY"] = "random" });
        for (var i = 0; i < 3; i++)
        {
            await cluster.TellAsync("fork");
            await cluster.ExpectAsync("threw InvalidOperationException: PREFORK_SCHEDULING_POLICY is 'random'");
        }
    }

    [Fact]
    public async Task WhatWaitsBehindAStoppedWorker_IsTakenBackAndServedByTheOthers()
    {
        await using var cluster = await TestCluster.StartAsync("setup handoff=300");
        var endPoint = await cluster.ListenAllAsync(2);
        await cluster.TellAsync("state 1");
        var pid = int.Parse(cluster.Seen.First(line => line.StartsWith("forked 1", StringComparison.Ordinal)).Split(' ')[2]);
        await StopAsync(pid);
        try
        {
            // Half of these go to the lane of the stopped one, at first.
            var served = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => EchoClient.WhoServesAsync(endPoint)));
            Assert.All(served, worker => Assert.Equal(2, worker));
        }
        finally
        {
            Native.Kill(pid, Native.SigCont);
        }

        // It reads again, and is back in rotation.
        await EventuallyAsync(async () => await EchoClient.WhoServesAsync(endPoint) == 1);
    }

    [Fact]
    public async Task OneClientAlone_BehindAWorkerThatTakesNothing_IsTakenBackToo()
    {
        await using var cluster = await TestCluster.StartAsync("setup handoff=200");
        await cluster.ForkAsync();
        await cluster.ForkAsync();
        var endPoint = await cluster.ListenAsync(1, "127.0.0.1:0 noaccept");
        await cluster.ListenAsync(2, "127.0.0.1:0");

        // Its turn is the first, and nobody comes after it whose arrival would wake anybody.
        Assert.Equal(2, await EchoClient.WhoServesAsync(endPoint));
    }

    [Fact]
    public async Task ALeavingWorker_KeepsWhatItWasGiven_HoweverSlowlyItTakesIt_WhenNobodyElseCould()
    {
        await using var cluster = await TestCluster.StartAsync("setup handoff=50");
        await cluster.ForkAsync();
        var endPoint = await cluster.ListenAsync(1, "127.0.0.1:0 noaccept");
        await cluster.TellAsync("disconnect 1");
        var waiting = Enumerable.Range(0, 3).Select(_ => EchoClient.WhoServesAsync(endPoint)).ToList();
        await cluster.ExpectAsync("message 1 leaving");
        await Listening.AssertRefusedAsync(endPoint);
        await cluster.TellAsync("send 1 accept a");
        foreach (var client in waiting)
        {
            try
            {
                Assert.Equal(1, await client);
            }
            catch (System.Net.Sockets.SocketException)
            {
                // Came after the listener had closed.
            }
        }

        await cluster.ExpectAsync("exit 1 code=0");
    }

    [Fact]
    public async Task WhatADeadWorkerHadNotTaken_IsServedByTheOthers()
    {
        await using var cluster = await TestCluster.StartAsync("setup handoff=60000");
        await cluster.ForkAsync();
        await cluster.ForkAsync();
        var endPoint = await cluster.ListenAsync(1, "127.0.0.1:0 noaccept");
        await cluster.ListenAsync(2, "127.0.0.1:0");
        var waiting = Enumerable.Range(0, 40).Select(_ => EchoClient.WhoServesAsync(endPoint)).ToList();
        await EventuallyAsync(() => Task.FromResult(waiting.Count(task => task.IsCompleted) == 20));
        await cluster.TellAsync("kill 1 SIGKILL");
        Assert.All(await Task.WhenAll(waiting), worker => Assert.Equal(2, worker));
    }

    [Fact]
    public async Task UnderShared_AWorkerLeavesThoughTheBacklogIsNeverEmpty()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.TellAsync("policy none");
        await cluster.ForkAsync();
        var endPoint = (IPEndPoint)await cluster.ListenAsync(1, "127.0.0.1:0 noaccept");
        await cluster.ForkAsync();
        await cluster.ListenAsync(2, "127.0.0.1:0 noaccept");
        var waiting = Enumerable.Range(0, 300).Select(_ => EchoClient.WhoServesAsync(endPoint)).ToList();
        await EventuallyAsync(() => Task.FromResult(BacklogOf(endPoint) == 300));

        // It takes a quarter of a second for each.
        await cluster.TellAsync("send 1 acceptslowly a");
        Assert.Equal(1, await await Task.WhenAny(waiting));
        await cluster.TellAsync("disconnect 1");
        await cluster.ExpectAsync("exit 1 code=0");
        await cluster.TellAsync("send 2 accept a");
        Assert.Contains(2, await Task.WhenAll(waiting));
    }

    [Fact]
    public async Task WhatALeavingWorkerWasGiven_ItStillServes()
    {
        await using var cluster = await TestCluster.StartAsync("setup handoff=60000");
        await cluster.ForkAsync();
        var endPoint = await cluster.ListenAsync(1, "127.0.0.1:0 noaccept");
        var waiting = Enumerable.Range(0, 10).Select(_ => EchoClient.WhoServesAsync(endPoint)).ToList();
        await ConnectedAsync(endPoint, 10);
        await cluster.TellAsync("disconnect 1");
        await cluster.ExpectAsync("message 1 leaving");
        await Listening.AssertRefusedAsync(endPoint);
        await cluster.TellAsync("send 1 accept a");
        Assert.All(await Task.WhenAll(waiting), worker => Assert.Equal(1, worker));
        await cluster.ExpectAsync("exit 1 code=0");
    }

    [Fact]
    public async Task WhenAllAreFull_TheBacklogHolds_AndNothingIsLost()
    {
        await using var cluster = await TestCluster.StartAsync("setup handoff=60000 capacity=4");
        await cluster.ForkAsync();
        await cluster.ForkAsync();
        var endPoint = (IPEndPoint)await cluster.ListenAsync(1, "127.0.0.1:0 noaccept");
        await cluster.ListenAsync(2, "127.0.0.1:0 noaccept");
        var waiting = Enumerable.Range(0, 30).Select(_ => EchoClient.WhoServesAsync(endPoint)).ToList();

        // Four in each lane; the primary holds none of the rest.
        await EventuallyAsync(() => Task.FromResult(BacklogOf(endPoint) == 22));
        await cluster.TellAsync("send 1 accept a");
        await cluster.TellAsync("send 2 accept a");
        var served = await Task.WhenAll(waiting);
        Assert.Contains(1, served);
        Assert.Contains(2, served);
    }

    [Fact]
    public async Task AFullWorker_IsPassedOver()
    {
        await using var cluster = await TestCluster.StartAsync("setup handoff=60000 capacity=2");
        await cluster.ForkAsync();
        await cluster.ForkAsync();
        var endPoint = await cluster.ListenAsync(1, "127.0.0.1:0 noaccept");
        await cluster.ListenAsync(2, "127.0.0.1:0");
        var clients = Enumerable.Range(0, 20).Select(_ => EchoClient.WhoServesAsync(endPoint)).ToList();
        await EventuallyAsync(() => Task.FromResult(clients.Count(task => task.IsCompleted) == 18));
        await cluster.TellAsync("kill 1 SIGKILL");
        Assert.All(await Task.WhenAll(clients), worker => Assert.Equal(2, worker));
    }

    [Fact]
    public async Task WhenTheLastWorkerDiesUnasked_ClientsWaitForItsReplacement()
    {
        await using var cluster = await TestCluster.StartAsync();
        var endPoint = await cluster.ListenAllAsync(1);
        await cluster.TellAsync("kill 1 SIGKILL");
        await cluster.ExpectAsync("exit 1");
        var waiting = EchoClient.WhoServesAsync(endPoint);
        await cluster.ForkAsync();
        await cluster.TellAsync("send 2 listen a 127.0.0.1:0");
        Assert.Equal(2, await waiting);
    }

    [Fact]
    public async Task WithoutReplacement_TheListenerClosesAfterItsGracePeriod()
    {
        await using var cluster = await TestCluster.StartAsync("setup grace=200");
        var endPoint = await cluster.ListenAllAsync(1);
        await cluster.TellAsync("kill 1 SIGKILL");
        await cluster.ExpectAsync("exit 1");
        await Listening.AssertRefusedAsync(endPoint);
    }

    [Fact]
    public async Task KillingWorkersUnderLoad_NoClientHangs_AndOnlyReceivedConnectionsFail()
    {
        await using var cluster = await TestCluster.StartAsync();
        var endPoint = await cluster.ListenAllAsync(3);
        using var done = new CancellationTokenSource();
        var (served, failed) = (0, 0);
        var load = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                try
                {
                    await EchoClient.WhoServesAsync(endPoint);
                    Interlocked.Increment(ref served);
                }
                catch (IOException)
                {
                    Interlocked.Increment(ref failed);
                }
            }
        })).ToList();
        const int kills = 20;
        for (var i = 1; i <= kills; i++)
        {
            await cluster.TellAsync($"kill {i} SIGKILL");
            await cluster.ExpectAsync($"exit {i} ");
            await cluster.ForkAsync();
            await cluster.ListenAsync(i + 3, "127.0.0.1:0");
        }

        await done.CancelAsync();
        await Task.WhenAll(load);

        // Each client has one connection at a time, and a killed worker can have received those at most.
        Assert.True(failed <= kills * 8, $"{failed} failed, {served} served");
        Assert.True(served > 0);
    }

    internal static async Task EventuallyAsync(Func<Task<bool>> condition, Func<string>? instead = null)
    {
        // With a pause between looks: those that are looked at need the processor.
        var clock = System.Diagnostics.Stopwatch.StartNew();
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await condition())
        {
            Assert.True(clock.Elapsed < TestProgram.Patience, instead?.Invoke() ?? "It did not come about.");
            await looks.WaitForNextTickAsync();
        }
    }

    /// <summary>Ends when all of its threads have stopped: until then one may still take a connection.</summary>
    internal static Task StopAsync(int pid)
    {
        Native.Kill(pid, Native.SigStop);
        return EventuallyAsync(() => Task.FromResult(Native.IsStopped(pid)));
    }

    private static async Task ConnectedAsync(EndPoint endPoint, int count)
        => await EventuallyAsync(() => Task.FromResult(File.ReadAllLines("/proc/net/tcp")
            .Count(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var local, _, "01", ..] && local == Hex((IPEndPoint)endPoint)) == count));

    /// <summary>Connections that wait in the kernel to be accepted: rx_queue of the listening socket.</summary>
    internal static int BacklogOf(IPEndPoint endPoint)
        => File.ReadAllLines("/proc/net/tcp")
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words[1] == Hex(endPoint) && words[3] == "0A")
            .Select(words => Convert.ToInt32(words[4].Split(':')[1], 16))
            .Single();

    private static string Hex(IPEndPoint endPoint) => $"{BitConverter.ToUInt32(endPoint.Address.GetAddressBytes()):X8}:{endPoint.Port:X4}";

    internal static bool HasThread(int pid, string name) => Directory.GetDirectories($"/proc/{pid}/task").Any(task =>
    {
        try
        {
            return File.ReadAllText($"{task}/comm").StartsWith(name, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    });
}
