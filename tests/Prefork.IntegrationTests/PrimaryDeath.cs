using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Prefork.IntegrationTests;

/// <summary>When the primary dies, its workers go at once, and nobody holds the port.</summary>
public class PrimaryDeath
{
    private static readonly TimeSpan s_promised = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("rr")]
    [InlineData("none")]
    public async Task WithinASecond_EveryWorkerIsGone_AndThePortIsFree(string policy)
    {
        await using var cluster = await TestCluster.StartAsync($"policy {policy}");
        var endPoint = await cluster.ListenAllAsync(3);
        using var client = await EchoClient.ConnectAsync(endPoint);
        await client.WorkerAsync();
        var workers = Workers(cluster);
        Assert.False(IsFree(endPoint));
        var clock = Stopwatch.StartNew();
        cluster.Signal(Native.SigKill);
        Assert.All(workers, pid => Assert.True(Native.WaitForEnd(pid, s_promised - clock.Elapsed), $"Worker {pid} is there after {clock.Elapsed}."));
        Assert.True(IsFree(endPoint));
    }

    [Fact]
    public async Task WithinASecond_ThePortIsFree_ThoughHandlersHang_AndTheirProcessesGoToo()
    {
        await using var cluster = await TestCluster.StartAsync("policy none");
        var endPoint = await cluster.ListenAllAsync(3, "HANG=1");
        var workers = Workers(cluster);
        Assert.False(IsFree(endPoint));
        var clock = Stopwatch.StartNew();
        cluster.Signal(Native.SigKill);
        await Scheduling.EventuallyAsync(() => Task.FromResult(IsFree(endPoint)));
        Assert.True(clock.Elapsed < s_promised, $"It took {clock.Elapsed}.");

        // Handlers have 200 ms, exit handlers 500 ms.
        Assert.All(workers, pid => Assert.True(Native.WaitForEnd(pid, s_promised * 2 - clock.Elapsed), $"Worker {pid} is there after {clock.Elapsed}."));
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

    /// <summary>Somebody else could listen there. .NET sets SO_REUSEADDR: connections that are ending are not in the way, listeners are.</summary>
    private static bool IsFree(EndPoint endPoint)
    {
        using var next = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            next.Bind(endPoint);
            return true;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }

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
