namespace Prefork.IntegrationTests;

/// <summary>What a user's code throws, or does not do, costs that call and nothing else.</summary>
public class UserCode
{
    [Fact]
    public async Task HandlersThatThrow_InAProgramThatHandlesIt_CostTheirOwnCallOnly()
    {
        await using var cluster = await TestCluster.StartAsync(new Dictionary<string, string?> { ["THROWS"] = "1" });
        await cluster.ForkReadyAsync();
        for (var i = 0; i < 10; i++)
        {
            // Each of these is heard by the handler that throws, and by the one behind it.
            await cluster.TellAsync($"send 1 say {i}");
        }

        for (var i = 0; i < 10; i++)
        {
            await cluster.ExpectAsync($"message 1 handled message say {i}");
            await cluster.ExpectAsync("handled message");
            await cluster.ExpectAsync($"message 1 {i}");
        }

        await cluster.TellAsync("request 1 shout still");
        await cluster.ExpectAsync("reply STILL");
        await cluster.TellAsync("disconnect 1");
        await cluster.ExpectEverAsync("message 1 handled leaving");
        await cluster.ExpectEverAsync("message 1 leaving");
        await cluster.ExpectEverAsync("handled disconnected 1");
        await cluster.ExpectEverAsync("disconnect 1");
        await cluster.ExpectEverAsync("handled exited 1");
        await cluster.ExpectEverAsync("exit 1 code=0");
        await cluster.ForkAsync();
    }

    [Fact]
    public async Task SocketsThatNobodyTakes_AreClosedAfterAWhile_AndItIsSaid()
    {
        await using var cluster = await TestCluster.StartAsync(new Dictionary<string, string?> { ["LISTEN_LATE"] = "1" });
        await cluster.ForkReadyAsync();
        await cluster.TellAsync("send 1 sendtwice");
        await cluster.ExpectAsync("error 1 InvalidOperationException: Nobody listens for messages, and a socket that came with one is closed");
        await cluster.TellAsync("request 1 shout still");
        await cluster.ExpectAsync("reply STILL");
        await cluster.TellAsync("listenformessages");
        Assert.Equal("message 1 a socket", await cluster.ExpectAsync("message 1"));
        Assert.Equal("message 1 the same", await cluster.ExpectAsync("message 1"));
        await cluster.ExpectAsync("message 1 heard");
    }

    [Theory]
    [InlineData("EXITS_LATE")]
    [InlineData("EXITS_AT_ONCE")]
    public async Task AWorkerCutOff_EndsWith0_WhateverItsHandlersDo(string handler)
    {
        await using var primary = await NodePeers.StartPrimaryAsync("rr", "json", handler);
        await primary.TellAsync("cut 1");
        await primary.TellAsync("cut 2");
        await primary.ExpectEverAsync("exit 1 0  false");
        await primary.ExpectEverAsync("exit 2 0  false");
    }

    [Fact]
    public async Task WaitForExit_EndsAfterTheHandlersOfExited()
    {
        await using var cluster = await TestCluster.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await cluster.TellAsync("exitorder");
            Assert.Equal("exitorder 2", await cluster.ExpectAsync("exitorder"));
        }
    }

    [Fact]
    public async Task WorkersThatShareUdp_AllSeeThatTheyLeave_BeforeTheirSocketIsClosed()
    {
        await using var cluster = await TestCluster.StartAsync();
        for (var i = 1; i <= 3; i++)
        {
            await cluster.ForkReadyAsync();
            await cluster.TellAsync($"send {i} udpleaving 127.0.0.1:0");
            await cluster.ExpectAsync($"message {i} binds");
        }

        await cluster.TellAsync("disconnectall");
        await cluster.ExpectAsync("alldisconnected");

        // By a message, or on standard output when its channel is closed already.
        while (cluster.Seen.Count(static line => line.Contains("udp ended", StringComparison.Ordinal)) < 3)
        {
            await cluster.ExpectAsync(static line => line.Contains("udp ended", StringComparison.Ordinal), "udp ended");
        }

        Assert.All(
            cluster.Seen.Where(static line => line.Contains("udp ended", StringComparison.Ordinal)),
            static line => Assert.EndsWith("udp ended OperationCanceledException", line, StringComparison.Ordinal));
    }
}
