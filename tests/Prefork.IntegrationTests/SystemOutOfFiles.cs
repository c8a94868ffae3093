using System.Diagnostics;
using System.Net;

namespace Prefork.IntegrationTests;

/// <summary>The whole system out of open files (ENFILE) is a state that passes too: no spin, no crash, and service goes on after it.</summary>
public class SystemOutOfFiles
{
    /// <summary>The pause between two tries is 50 ms, and the first one may have been made before we looked.</summary>
    private const int Tries = 10;
    private static readonly TimeSpan s_atLeast = TimeSpan.FromMilliseconds((Tries - 2) * 50);

    [Fact]
    public async Task ThePrimary_KeepsClientsWaiting_DoesNotSpin_AndServesThemAfter()
    {
        await using var cluster = await TestCluster.StartAsync();
        var endPoint = await WarmAsync(cluster, "127.0.0.1:0");
        List<Task<int>> waiting;
        await using (var failing = await FailingCalls.StartAsync(cluster.Id, "accept4", "ENFILE", "prefork accept"))
        {
            var clock = Stopwatch.StartNew();
            waiting = Connect(endPoint);
            await cluster.ExpectAsync("error  Win32Exception: Could not accept");
            await failing.FailedAsync(Tries);
            Assert.True(clock.Elapsed > s_atLeast, $"{Tries} tries in {clock.Elapsed}: it spins.");
            await cluster.TellAsync("request 1 shout still");
            await cluster.ExpectAsync("reply STILL");
            Assert.DoesNotContain(waiting, task => task.IsCompleted);
        }

        Assert.All(await Task.WhenAll(waiting), worker => Assert.Equal(1, worker));
        Assert.Single(cluster.Seen, line => line.StartsWith("error", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("none", "127.0.0.1:0", "prefork intake")]
    [InlineData("rr", "127.0.0.1:0 exclusive", null)]
    public async Task AWorkerThatAcceptsItself_KeepsClientsWaiting_DoesNotSpin_AndServesThemAfter(string policy, string listen, string? threads)
    {
        await using var cluster = await TestCluster.StartAsync($"policy {policy}");
        var endPoint = await WarmAsync(cluster, listen);
        List<Task<int>> waiting;
        await using (var failing = await FailingCalls.StartAsync(WorkerPid(cluster), "accept,accept4", "ENFILE", threads))
        {
            var clock = Stopwatch.StartNew();
            waiting = Connect(endPoint);
            await failing.FailedAsync(Tries);
            Assert.True(clock.Elapsed > s_atLeast, $"{Tries} tries in {clock.Elapsed}: it spins.");
            await cluster.TellAsync("request 1 shout still");
            await cluster.ExpectAsync("reply STILL");
            Assert.DoesNotContain(waiting, task => task.IsCompleted);
        }

        Assert.All(await Task.WhenAll(waiting), worker => Assert.Equal(1, worker));
    }

    [Fact]
    public async Task AWorkerWithALane_GoesOn_ForToReceiveAConnectionOpensNoFile()
    {
        await using var cluster = await TestCluster.StartAsync();
        var endPoint = await WarmAsync(cluster, "127.0.0.1:0");

        // All that open a file but pipe2, by which .NET starts its threads: without it .NET ends the process, whatever we do.
        await using (await FailingCalls.StartAsync(WorkerPid(cluster), "accept,accept4,socket,socketpair,eventfd2,memfd_create", "ENFILE", threads: null))
        {
            Assert.All(await Task.WhenAll(Connect(endPoint)), worker => Assert.Equal(1, worker));
        }
    }

    [Theory]
    [InlineData("socketpair", "")]
    [InlineData("pidfd_open", "")]
    [InlineData("pipe2", "setup silent=true")]
    public async Task AForkThatCannotOpenWhatItNeeds_IsAnError_AndTheNextOneSucceeds(string call, string setup)
    {
        await using var cluster = await TestCluster.StartAsync();
        var endPoint = await WarmAsync(cluster, "127.0.0.1:0");
        await cluster.TellAsync(setup.Length > 0 ? setup : "setup args=x");
        await using (await FailingCalls.StartAsync(cluster.Id, call, "ENFILE", "prefork"))
        {
            await cluster.TellAsync("fork");
            Assert.Contains("Too many open files in system", await cluster.ExpectAsync("error 2 "), StringComparison.Ordinal);
            await cluster.ExpectAsync("disconnect 2 connected=False");
            Assert.Equal("forked 2  connected=False dead=True", await cluster.ExpectEverAsync("forked 2"));
            Assert.Equal(1, await EchoClient.WhoServesAsync(endPoint));
        }

        await cluster.ForkAsync();
        await cluster.TellAsync("workers");
        Assert.Equal("workers 1,3", await cluster.ExpectAsync("workers "));
    }

    [Theory]
    [InlineData("socket")]
    [InlineData("eventfd2")]
    [InlineData("socketpair")]
    public async Task AListenerThatCannotBeOpened_FailsForTheWorkerThatAsked_AndTheNextTrySucceeds(string call)
    {
        await using var cluster = await TestCluster.StartAsync();
        var endPoint = await WarmAsync(cluster, "127.0.0.1:0");
        await cluster.ForkAsync();
        var another = $"127.0.0.1:{Listening.FreePort()}";
        await using (await FailingCalls.StartAsync(cluster.Id, call, "ENFILE", "prefork"))
        {
            await cluster.TellAsync($"send 2 listen b {another}");
            await cluster.ExpectAsync("message 2 cannot b TooManyOpenSockets");
            Assert.Equal(1, await EchoClient.WhoServesAsync(endPoint));
        }

        Assert.Equal(2, await EchoClient.WhoServesAsync(await cluster.ListenAsync(2, another, "c")));
    }

    [Fact]
    public async Task AWorkerForWhichThereIsNoScoreboard_IsServedByItsChannel()
    {
        await using var cluster = await TestCluster.StartAsync();
        await WarmAsync(cluster, "127.0.0.1:0");
        await using (await FailingCalls.StartAsync(cluster.Id, "memfd_create", "ENFILE", "prefork"))
        {
            await cluster.ForkAsync();
            await cluster.ExpectEverAsync("error 2 Win32Exception");
            Assert.Equal(2, await EchoClient.WhoServesAsync(await cluster.ListenAsync(2, "127.0.0.1:0", "b")));
        }
    }

    /// <summary>A worker that listens, and everything done once, so that no more is loaded and opened later.</summary>
    private static async Task<EndPoint> WarmAsync(TestCluster cluster, string listen)
    {
        await cluster.ForkAsync();
        var endPoint = await cluster.ListenAsync(1, listen);
        Assert.All(await Task.WhenAll(Connect(endPoint)), worker => Assert.Equal(1, worker));
        await cluster.TellAsync("request 1 shout warm");
        await cluster.ExpectAsync("reply WARM");
        return endPoint;
    }

    private static List<Task<int>> Connect(EndPoint endPoint) => [.. Enumerable.Range(0, 10).Select(_ => EchoClient.WhoServesAsync(endPoint))];

    private static int WorkerPid(TestCluster cluster)
        => int.Parse(cluster.Seen.First(line => line.StartsWith("forked 1", StringComparison.Ordinal)).Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
}
