using ClusterApp;

namespace Prefork.IntegrationTests;

/// <summary>What primary and workers say to each other.</summary>
public class Messages
{
    [Fact]
    public async Task MessagesGoBothWays_InOrder()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync("sendmany 1 20000");
        await cluster.ExpectAsync("sent");
        await cluster.TellAsync("send 1 counted");
        Assert.Equal("message 1 counted 20000", await cluster.ExpectAsync("message 1 "));
    }

    [Theory]
    [InlineData("héllo wörld €")]
    [InlineData("{\"cmd\":\"NODE_CLUSTER\"}")]
    [InlineData("with \\n and \\u0000 and \" in it")]
    public async Task Text_ArrivesAsItWasSent(string text)
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync($"send 1 say {text}");
        Assert.Equal($"message 1 {text}", await cluster.ExpectAsync("message 1"));
    }

    [Fact]
    public async Task MessagesThatNobodyListensForYet_AreKept()
    {
        await using var cluster = await TestCluster.StartAsync(new Dictionary<string, string?> { ["LISTEN_LATE"] = "1" });
        await cluster.ForkReadyAsync();
        await cluster.TellAsync("send 1 say one");
        await cluster.TellAsync("send 1 say two");
        await cluster.TellAsync("request 1 shout three");
        await cluster.ExpectAsync("reply THREE");
        Assert.DoesNotContain(cluster.Seen, line => line.StartsWith("message", StringComparison.Ordinal));
        await cluster.TellAsync("listenformessages");
        await cluster.ExpectAsync("message 1 one");
        await cluster.ExpectAsync("message 1 two");
    }

    [Fact]
    public async Task MoreThanTheBoundOfKeptMessages_AreDropped_AndSaid()
    {
        await using var cluster = await TestCluster.StartAsync(new Dictionary<string, string?> { ["LISTEN_LATE"] = "1" }, "setup maxkept=2");
        await cluster.ForkReadyAsync();
        foreach (var word in new[] { "one", "two", "three", "four" })
        {
            await cluster.TellAsync($"send 1 say {word}");
        }

        await cluster.ExpectAsync("error 1 InvalidOperationException: Nobody listens for messages");
        await cluster.TellAsync("request 1 shout five");
        await cluster.ExpectAsync("reply FIVE");
        await cluster.TellAsync("listenformessages");
        await cluster.ExpectAsync("message 1 one");
        await cluster.ExpectAsync("message 1 two");
        await cluster.TellAsync("send 1 say six");
        await cluster.ExpectAsync("message 1 six");
        Assert.DoesNotContain("message 1 three", cluster.Seen);
        Assert.Single(cluster.Seen, line => line.StartsWith("error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AMessageThatCannotBeSerialised_ThrowsAtTheSender()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync("sendbad 1");
        await cluster.ExpectAsync("threw JsonException");
        await cluster.TellAsync("send 1 say unharmed");
        await cluster.ExpectAsync("message 1 unharmed");
    }

    [Fact]
    public async Task SendingToAWorkerThatIsGone_Throws()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync("hold 1");
        await cluster.TellAsync("kill 1 SIGKILL");
        await cluster.ExpectAsync("exit 1");
        await cluster.TellAsync("trysend 1");
        await cluster.ExpectAsync("refused ClusterChannelClosedException");
    }

    [Theory]
    [InlineData("Json")]
    [InlineData("Advanced")]
    public async Task AMessageOverTheLimit_IsRefusedAtItsSender_AndTheChannelLives(string serialization)
    {
        await using var cluster = await TestCluster.StartAsync($"setup maxmessage=100000 serialization={serialization}");
        await cluster.ForkReadyAsync();
        await cluster.TellAsync("sendlong 1 110000");
        AssertNamesSizeAndLimit(await cluster.ExpectAsync("threw ArgumentException"));
        await cluster.TellAsync("sendlong 1 90000");
        await cluster.ExpectAsync("message 1 length 90000");
        await cluster.TellAsync("send 1 trybig 110000");
        AssertNamesSizeAndLimit(await cluster.ExpectAsync("message 1 refused ArgumentException"));
        await cluster.TellAsync("send 1 big 90000");
        await cluster.ExpectAsync("message 1 xxx");

        // A request, its reply, and what goes by way of the primary to another worker.
        await cluster.TellAsync($"request 1 shout {new string('x', 110_000)}");
        AssertNamesSizeAndLimit(await cluster.ExpectAsync("failed ArgumentException"));
        await cluster.TellAsync("request 1 repeat 110000");
        AssertNamesSizeAndLimit(await cluster.ExpectAsync("failed ClusterRequestException: ArgumentException"));
        await cluster.TellAsync("setup maxmessage=2000");
        await cluster.ForkAsync();
        await cluster.TellAsync($"send 1 sendto 2 {new string('x', 3_000)}");
        Assert.Contains("2000", await cluster.ExpectAsync("message 1 not relayed: ArgumentException"), StringComparison.Ordinal);
        await cluster.TellAsync("send 1 sendto 2 short");
        await cluster.ExpectAsync("message 2 from 1: short");

        static void AssertNamesSizeAndLimit(string line)
        {
            Assert.Contains(" 110", line, StringComparison.Ordinal);
            Assert.Contains("100000", line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AMessageNestedTooDeep_IsRefusedAtItsSender_AndTheChannelLives()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkReadyAsync();
        await cluster.TellAsync("senddeep 1 4097");
        Assert.Contains("4096", await cluster.ExpectAsync("threw ArgumentException"), StringComparison.Ordinal);
        await cluster.TellAsync("request 1 shout still");
        await cluster.ExpectAsync("reply STILL");
    }

    [Fact]
    public async Task AWorkerThatCutsItsChannel_SaysWhy_HereAndThere_AndDoesNotEndAsIfAllWereWell()
    {
        // What the primary does not know: something between the two has given this worker another limit.
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "worker");
        await File.WriteAllTextAsync(script, $"#!/bin/sh\nPREFORK_MAX_MESSAGE_SIZE=2000 exec {Programs.ClusterApp}\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await using var cluster = await TestCluster.StartAsync($"setup exec={script}");
        await cluster.ForkAsync();
        await cluster.TellAsync("sendlong 1 3000");
        Assert.Contains("over the limit of 2000", await cluster.ExpectAsync("error 1 ClusterProtocolException"), StringComparison.Ordinal);
        await cluster.ExpectEverAsync("disconnect 1");
        await cluster.ExpectEverAsync("exit 1 code=76");
        await cluster.ExpectErrorAsync("prefork: ", "over the limit of 2000");
    }

    [Fact]
    public async Task TheLimit_CanBeAboveTheDefault()
    {
        await using var cluster = await TestCluster.StartAsync("setup maxmessage=100000000");
        await cluster.ForkAsync();
        await cluster.TellAsync("sendlong 1 70000000");
        await cluster.ExpectAsync("message 1 length 70000000", TimeSpan.FromMinutes(1));
        await cluster.TellAsync("send 1 env PREFORK_MAX_MESSAGE_SIZE");
        Assert.Equal("message 1 env PREFORK_MAX_MESSAGE_SIZE=", await cluster.ExpectAsync("message 1 env"));
    }

    [Fact]
    public async Task BigMessages_Arrive()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync("send 1 big 20000000");
        Assert.Equal(20_000_000, (await cluster.ExpectAsync("message 1 xxx")).Length - "message 1 ".Length);
    }

    [Fact]
    public async Task ABroadcast_ReachesEveryWorker()
    {
        await using var cluster = await TestCluster.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            await cluster.ForkAsync();
        }

        await cluster.TellAsync("broadcast say all of you");
        foreach (var _ in Enumerable.Range(0, 3))
        {
            await cluster.ExpectAsync("message ");
        }

        Assert.Equal(3, cluster.Seen.Where(line => line.EndsWith("all of you", StringComparison.Ordinal)).Distinct().Count());
    }

    [Fact]
    public async Task AWorkerReachesAnother_AndHearsWhenThereIsNone()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync("send 1 sendto 2 hello there");
        await cluster.ExpectAsync("message 2 from 1: hello there");
        await cluster.ExpectEverAsync("message 1 relayed");
        await cluster.TellAsync("send 1 sendto 9 hello");
        await cluster.ExpectAsync("message 1 not relayed: There is no worker 9");
    }

    [Fact]
    public async Task Requests_HaveReplies_BothWays()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkReadyAsync();
        await cluster.TellAsync("request 1 shout hello");
        await cluster.ExpectAsync("reply HELLO");
        await cluster.TellAsync("send 1 ask double ab");
        await cluster.ExpectAsync("message 1 answer 1:abab");
    }

    [Fact]
    public async Task ARequestWhoseHandlerAsksAWorkerThatDies_Fails()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkReadyAsync();
        await cluster.ForkReadyAsync();
        await cluster.TellAsync("send 1 ask pass 2");
        await cluster.ExpectAsync("message 2 asked never");
        await cluster.TellAsync("kill 2 SIGKILL");
        await cluster.ExpectAsync("message 1 no answer: ClusterChannelClosedException: ");
    }

    [Fact]
    public async Task WhatIsNodesOwn_IsNotPassedOnToANodeWorker()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "hears.js");
        await File.WriteAllTextAsync(script, "process.on('message', message => process.send(`heard ${message.cmd}`)); process.send('up');");
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync($"setup exec={script}");
        await cluster.TellAsync("fork");
        await cluster.ExpectAsync("message 2 up");
        await cluster.TellAsync("send 1 commandto 2 NODE_HANDLE_ACK");
        await cluster.ExpectAsync("message 1 not relayed: A message whose cmd is NODE_HANDLE_ACK");
        await cluster.TellAsync("send 1 commandto 2 node");
        await cluster.ExpectAsync("message 2 heard node");
    }

    [Fact]
    public async Task SocketsThatNobodyTook_AreClosedWhenTheirSenderHasEnded()
    {
        await using var cluster = await TestCluster.StartAsync(new Dictionary<string, string?> { ["LISTEN_LATE"] = "1" });
        await cluster.ForkAsync();
        await cluster.TellAsync("kill 1 SIGKILL");
        await cluster.ExpectAsync("exit 1");
        var before = OpenDescriptors.Of(cluster.Id);
        await cluster.ForkReadyAsync();
        var with = OpenDescriptors.Of(cluster.Id);
        await cluster.TellAsync("send 2 sendsocket");
        await Scheduling.EventuallyAsync(() => Task.FromResult(OpenDescriptors.Of(cluster.Id).Length > with.Length));
        await cluster.TellAsync("kill 2 SIGKILL");
        await cluster.ExpectAsync("exit 2");

        // Nobody listens for messages, so the worker's is kept, and what came with it is not the collector's to close.
        await Scheduling.EventuallyAsync(
            () => Task.FromResult(OpenDescriptors.Of(cluster.Id).Length <= before.Length),
            () => $"There were {string.Join(' ', before)}, and are {string.Join(' ', OpenDescriptors.Of(cluster.Id))}.");
    }

    [Fact]
    public async Task ARequestThatFails_SaysWhy()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkReadyAsync();
        await cluster.TellAsync("request 1 fail x");
        await cluster.ExpectAsync("failed ClusterRequestException: InvalidOperationException: this handler fails");
        await cluster.TellAsync("request 1 unknown x");
        await cluster.ExpectAsync("failed ClusterRequestException: Nobody here answers requests named 'unknown'");
        await cluster.TellAsync("request 1 never x 100");
        await cluster.ExpectAsync("failed TimeoutException: No reply to request 'never'");
        await cluster.ExpectEverAsync("message 1 cancelled");
        _ = cluster.TellAsync("request 1 never x");
        await cluster.TellAsync("kill 1 SIGKILL");
    }

    [Theory]
    [InlineData("connected", "got Stream connected=True", "heard from worker 1")]
    [InlineData("listening", "got Stream connected=False", null)]
    [InlineData("udp", "got Dgram connected=False", null)]
    public async Task ASocketRidesOnAMessage_ToTheWorker(string kind, string expected, string? heard)
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync($"sendsocket 1 {kind}");
        await cluster.ExpectAsync($"message 1 {expected}");
        if (heard is not null)
        {
            await cluster.ExpectEverAsync(heard);
        }
    }

    [Fact]
    public async Task ASocketRidesOnAMessage_ToThePrimary()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync("send 1 sendsocket");
        await cluster.ExpectAsync("message 1 a socket +socket Stream");
        await cluster.ExpectAsync("message 1 heard from the primary");
    }

    [Fact]
    public async Task AWorkerThatFloods_IsHeldBack_AndThePrimaryStaysSmall()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        for (var i = 0; i < 50; i++)
        {
            await cluster.TellAsync("send 1 big 1000000");
        }

        for (var i = 0; i < 50; i++)
        {
            await cluster.ExpectAsync("message 1 xxx");
        }
    }
}
