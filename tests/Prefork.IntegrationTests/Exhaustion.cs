using System.Net;

namespace Prefork.IntegrationTests;

/// <summary>Out of descriptors is a state that passes: no spin, no crash, nothing lost, and service goes on when there are some again.</summary>
public class Exhaustion
{
    private const int Limit = 256;

    [Fact]
    public async Task ThePrimaryOutOfDescriptors_KeepsClientsWaiting_AndServesThemAfter()
    {
        await using var cluster = await LimitedAsync();
        var endPoint = await ListenAsync(cluster);
        await cluster.TellAsync("exhaust");
        await cluster.ExpectAsync("exhausted");
        var waiting = Enumerable.Range(0, 10).Select(_ => EchoClient.WhoServesAsync(endPoint)).ToList();
        await cluster.ExpectAsync("error  Win32Exception: Could not accept");
        var cpu = CpuTime(cluster.Id);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await cluster.TellAsync("fork");
        await cluster.ExpectAsync("error 2 ");
        await cluster.ExpectAsync("disconnect 2");
        Assert.DoesNotContain(waiting, task => task.IsCompleted);

        // It tries twenty times a second meanwhile.
        await Assert.ThrowsAsync<TimeoutException>(() => Task.WhenAny(waiting).WaitAsync(TimeSpan.FromSeconds(0.5)));
        await cluster.TellAsync("release");
        Assert.All(await Task.WhenAll(waiting), worker => Assert.Equal(1, worker));
        Assert.True(CpuTime(cluster.Id) - cpu < clock.Elapsed + TimeSpan.FromSeconds(0.5), "It span.");

        // One line when it begins, and one with the number when it has been over for a while.
        var sum = await cluster.ExpectAsync("error  InvalidOperationException: ");
        Assert.Matches(@"^error  InvalidOperationException: \d+ times in \d+ s, and no more now: Could not accept", sum);
        Assert.True(int.Parse(sum.Split(' ')[3], System.Globalization.CultureInfo.InvariantCulture) > 2);
        Assert.Equal(2, cluster.Seen.Count(static line => line.StartsWith("error  ", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("rr")]
    [InlineData("none")]
    public async Task AWorkerOutOfDescriptors_LosesNothing_AndServesAgainAfter(string policy)
    {
        await using var cluster = await LimitedAsync();
        await cluster.TellAsync($"policy {policy}");
        await cluster.ExpectAsync("policy");
        var endPoint = await ListenAsync(cluster);
        await cluster.TellAsync("send 1 exhaust");
        await cluster.TellAsync("request 1 shout done");
        await cluster.ExpectAsync("reply DONE");
        var waiting = Enumerable.Range(0, 10).Select(_ => EchoClient.WhoServesAsync(endPoint)).ToList();
        await cluster.TellAsync("request 1 shout still");
        await cluster.ExpectAsync("reply STILL");
        Assert.DoesNotContain(waiting, task => task.IsCompletedSuccessfully);
        await cluster.TellAsync("send 1 release");
        var served = await Task.WhenAll(waiting.Select(Outcome));
        Assert.All(served, worker => Assert.Equal(1, worker));
        Assert.Equal(1, await EchoClient.WhoServesAsync(endPoint));
    }

    [Theory]
    [InlineData("rr")]
    [InlineData("none")]
    public async Task AWorkerFullOfConnections_HasDescriptorsLeftForThreads(string policy)
    {
        await using var cluster = await LimitedAsync();
        await cluster.TellAsync($"policy {policy}");
        await cluster.ExpectAsync("policy");
        var endPoint = await ListenAsync(cluster);
        var clients = new List<EchoClient>();
        try
        {
            await FillAsync(clients, endPoint);
            for (var i = 0; i < 50; i++)
            {
                // These have to wait.
                clients.Add(await EchoClient.ConnectAsync(endPoint));
            }

            await cluster.TellAsync("send 1 threads 50");
            await cluster.ExpectAsync("message 1 threads 50");
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        Assert.Equal(1, await EchoClient.WhoServesAsync(endPoint));
    }

    [Theory]
    [InlineData("rr", 0)]
    [InlineData("rr", 10)]
    [InlineData("none", 0)]
    [InlineData("none", 10)]
    public async Task AWorkerFullOfConnections_LeavesThoughTheyStay(string policy, int waiting)
    {
        await using var cluster = await LimitedAsync();
        await cluster.TellAsync($"policy {policy}");
        await cluster.ExpectAsync("policy");
        var endPoint = await ListenAsync(cluster);
        var clients = new List<EchoClient>();
        try
        {
            await FillAsync(clients, endPoint);
            for (var i = 0; i < waiting; i++)
            {
                // Nobody else could take these, and it will not as long as the others stay.
                clients.Add(await EchoClient.ConnectAsync(endPoint));
            }

            await cluster.TellAsync("disconnect 1");
            await cluster.ExpectAsync("message 1 ended a");
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task TheLastWorkerToLeave_TakesWithItWhatWaited()
    {
        await using var cluster = await LimitedAsync();
        var endPoint = await ListenAsync(cluster);
        await cluster.TellAsync("exhaust");
        await cluster.ExpectAsync("exhausted");
        var waiting = Enumerable.Range(0, 120).Select(_ => EchoClient.WhoServesAsync(endPoint)).ToList();
        await cluster.ExpectAsync("error  Win32Exception: Could not accept");
        await Scheduling.EventuallyAsync(() => Task.FromResult(Scheduling.BacklogOf(endPoint) == 120));
        await cluster.TellAsync("release");
        await cluster.TellAsync("disconnect 1");
        Assert.All(await Task.WhenAll(waiting), worker => Assert.Equal(1, worker));
        await cluster.ExpectAsync("exit 1 code=0");
    }

    /// <summary>
    /// Gives the worker as many clients as it takes: until its last number for connections is in use. Counting the open ones says less,
    /// since an open that waits has a number, too: .NET's debugger opens a pipe and waits for its other end as long as the process lives.
    /// </summary>
    private static async Task FillAsync(List<EchoClient> clients, IPEndPoint endPoint)
    {
        string pid;
        do
        {
            clients.Add(await EchoClient.ConnectAsync(endPoint));
            pid = (await clients[^1].ReadLineAsync())!.Split(' ')[1];
        }
        while (new FileInfo($"/proc/{pid}/fd/{Limit - 17}").LinkTarget is null);
    }

    private static async Task<int> Outcome(Task<int> client)
    {
        try
        {
            return await client;
        }
        catch (IOException)
        {
            return -1;
        }
    }

    /// <summary>A cluster whose processes may have <see cref="Limit"/> descriptors each.</summary>
    private static async Task<TestProgram> LimitedAsync()
    {
        var cluster = new TestProgram("bash", ["-c", $"ulimit -n {Limit}; exec {Programs.ClusterApp}"]);
        await cluster.ExpectAsync("primary ");
        return cluster;
    }

    private static async Task<IPEndPoint> ListenAsync(TestProgram cluster)
    {
        await cluster.TellAsync("fork");
        await cluster.ExpectAsync("online 1");
        await cluster.TellAsync("send 1 listen a 127.0.0.1:0");
        var endPoint = IPEndPoint.Parse((await cluster.ExpectAsync("message 1 listens a ")).Split(' ')[4]);

        // Once through everything, so that no assembly has to be loaded when there is no descriptor for it.
        await EchoClient.WhoServesAsync(endPoint);
        await cluster.TellAsync("request 1 shout warm");
        await cluster.ExpectAsync("reply WARM");
        await cluster.TellAsync("send 1 say warm");
        await cluster.ExpectAsync("message 1 warm");
        return endPoint;
    }

    private static TimeSpan CpuTime(int pid)
    {
        using var process = System.Diagnostics.Process.GetProcessById(pid);
        return process.TotalProcessorTime;
    }
}
