using System.Net;
using System.Net.Sockets;

namespace Prefork.IntegrationTests;

/// <summary>The samples do what the README says.</summary>
public class Samples
{
    [Theory]
    [InlineData(false, Native.SigTerm)]
    [InlineData(true, Native.SigInt)] // as Ctrl+C: to workers and primary at once
    public async Task HelloCluster_ServesFromEveryWorker_ReplacesTheDead_AndEndsCleanly(bool toAll, int signal)
    {
        var port = Listening.FreePort();
        await using var sample = new TestProgram("setsid", [Programs.HelloCluster], Environment(port, 3));
        await sample.ExpectAsync("Primary ");
        var pids = new List<int>();
        for (var i = 0; i < 3; i++)
        {
            pids.Add(int.Parse((await sample.ExpectAsync("Worker ")).Split(' ')[1]));
        }

        using var client = NewConnectionEachTime();
        Assert.Equal(["1", "2", "3"], await WorkersAsync(client, port, 9));

        Native.Kill(pids[0], Native.SigKill);
        await sample.ExpectAsync($"worker {pids[0]} died");
        await sample.ExpectAsync("Worker ");
        var after = (await WorkersAsync(client, port, 9)).ToList();
        Assert.Equal(3, after.Count);
        Assert.Contains("4", after);
        Native.Kill(toAll ? -sample.Id : sample.Id, signal);
        Assert.Equal(0, await sample.WaitForExitAsync());
        await Listening.AssertRefusedAsync(new IPEndPoint(IPAddress.Loopback, port));
    }

    [Fact]
    public async Task WebCluster_IsWhatTheReadMeShows_ReplacesTheDead_AndEndsCleanly()
    {
        var source = await File.ReadAllTextAsync(Path.Combine(Programs.Artifacts, "../samples/WebCluster/Program.cs"));
        Assert.Contains(source, await File.ReadAllTextAsync(Path.Combine(Programs.Artifacts, "../README.md")), StringComparison.Ordinal);
        var port = Listening.FreePort();
        await using var sample = new TestProgram(Programs.WebCluster, ["--urls", $"http://127.0.0.1:{port}"]);
        for (var i = 0; i < 4; i++)
        {
            await sample.ExpectAsync(static line => line.EndsWith(" serves", StringComparison.Ordinal), "a worker");
        }

        using var client = NewConnectionEachTime();
        var first = await ProcessesAsync();
        Assert.Equal(4, first.Count);
        Assert.DoesNotContain(sample.Id, first);
        Native.Kill(first.Min, Native.SigKill);
        await sample.ExpectAsync(static line => line.Contains("worker 5 (slot ", StringComparison.Ordinal) && line.EndsWith(" serves", StringComparison.Ordinal), "its replacement");
        var after = await ProcessesAsync();
        Assert.Equal(4, after.Count);
        Assert.DoesNotContain(first.Min, after);
        sample.Signal(Native.SigTerm);
        Assert.Equal(0, await sample.WaitForExitAsync());
        await Listening.AssertRefusedAsync(new IPEndPoint(IPAddress.Loopback, port));

        async Task<SortedSet<int>> ProcessesAsync()
        {
            var seen = new SortedSet<int>();
            for (var i = 0; i < 12; i++)
            {
                seen.Add(int.Parse((await client.GetStringAsync($"http://127.0.0.1:{port}/")).Split(' ')[^1]));
            }

            return seen;
        }
    }

    [Fact]
    public async Task WebCluster_WhosePortIsTaken_SaysSo_AndEnds()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Listen();
        await using var sample = new TestProgram(Programs.WebCluster, ["--urls", $"http://{other.LocalEndPoint}"]);
        await sample.ExpectAsync(static line => line.Contains("address already in use", StringComparison.OrdinalIgnoreCase), "the reason");
        await sample.ExpectAsync(static line => line.Contains("The cluster could not be started", StringComparison.Ordinal), "the end");
        Assert.Equal(1, await sample.WaitForExitAsync());
    }

    [Theory]
    [InlineData("HelloCluster")]
    [InlineData("EchoCluster")]
    public async Task ASampleWhosePortIsTaken_SaysSo_AndEnds(string name)
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Listen();
        await using var sample = new TestProgram(name == "HelloCluster" ? Programs.HelloCluster : Programs.EchoCluster, null, Environment(((IPEndPoint)other.LocalEndPoint!).Port, 2));
        await sample.ExpectAsync("worker ");
        Assert.Equal(1, await sample.WaitForExitAsync());
        Assert.Contains(await sample.ErrorsAsync(), line => line.Contains("address already in use", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData(Native.SigInt)]
    [InlineData(Native.SigTerm)]
    public async Task EchoCluster_EchoesAndEndsCleanly(int signal)
    {
        var port = Listening.FreePort();
        await using var sample = new TestProgram(Programs.EchoCluster, null, Environment(port, 2));
        await sample.ExpectAsync("Worker ");
        await sample.ExpectAsync("Worker ");
        using (var client = await EchoClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port)))
        {
            Assert.Equal("hello", await client.EchoAsync("hello"));
            sample.Signal(signal);
        }

        await sample.ExpectAsync("worker ");
        await sample.ExpectAsync("worker ");
        Assert.Equal(0, await sample.WaitForExitAsync());
    }

    [Fact]
    public async Task ASecondSignal_HastensTheEnd()
    {
        await using var cluster = await TestCluster.StartAsync();
        var endPoint = await cluster.ListenAllAsync(1);
        using var client = await EchoClient.ConnectAsync(endPoint);
        await client.WorkerAsync();
        await cluster.TellAsync("shutdown");
        await cluster.ExpectAsync("waiting");
        cluster.Signal(Native.SigTerm);
        await cluster.ExpectAsync("message 1 leaving");
        Assert.Equal("still", await client.EchoAsync("still"));
        cluster.Signal(Native.SigTerm);
        await cluster.ExpectAsync("exit 1 code= signal=SIGKILL asked=True");
        await cluster.ExpectAsync("shutdown");
        Assert.Equal(0, await cluster.WaitForExitAsync());
    }

    [Fact]
    public async Task TheFirstSignalAfterTheToken_HastensNothing()
    {
        await using var cluster = await TestCluster.StartAsync();
        var endPoint = await cluster.ListenAllAsync(1);
        using var client = await EchoClient.ConnectAsync(endPoint);
        await client.WorkerAsync();
        await cluster.TellAsync("shutdown now");
        await cluster.ExpectAsync("message 1 leaving");
        cluster.Signal(Native.SigTerm);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal("still", await client.EchoAsync("still"));
        }

        client.Dispose();
        await cluster.ExpectAsync("exit 1 code=0 signal= asked=True");
        Assert.Equal(0, await cluster.WaitForExitAsync());
    }

    [Fact]
    public async Task AfterTheShutdownTimeout_WorkersAreKilled()
    {
        await using var cluster = await TestCluster.StartAsync("setup shutdown=300");
        var endPoint = await cluster.ListenAllAsync(1);
        using var client = await EchoClient.ConnectAsync(endPoint);
        await client.WorkerAsync();
        await cluster.TellAsync("shutdown");
        await cluster.ExpectAsync("waiting");
        cluster.Signal(Native.SigTerm);
        await cluster.ExpectAsync("exit 1 code= signal=SIGKILL asked=True");
        Assert.Equal(0, await cluster.WaitForExitAsync());
    }

    private static Dictionary<string, string?> Environment(int port, int workers) => new() { ["PORT"] = $"{port}", ["WORKERS"] = $"{workers}" };

    private static HttpClient NewConnectionEachTime()
    {
        var client = new HttpClient();
        client.DefaultRequestHeaders.ConnectionClose = true;
        return client;
    }

    private static async Task<IEnumerable<string>> WorkersAsync(HttpClient client, int port, int requests)
    {
        var seen = new SortedSet<string>();
        for (var i = 0; i < requests; i++)
        {
            using var response = await client.GetAsync($"http://127.0.0.1:{port}/");
            Assert.Equal("hello world\n", await response.Content.ReadAsStringAsync());
            seen.Add(response.Headers.GetValues("x-worker").Single());
        }

        return seen;
    }
}
