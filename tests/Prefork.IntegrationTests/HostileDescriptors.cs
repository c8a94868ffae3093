using System.Globalization;

namespace Prefork.IntegrationTests;

/// <summary>A descriptor that is not what its message says costs the worker that sent it its channel, and nobody else anything.</summary>
public class HostileDescriptors
{
    [Fact]
    public async Task APromiseWithoutADescriptor_IsRefused_AndNotDelivered()
    {
        await using var cluster = await TestCluster.StartAsync();
        var endPoint = await cluster.ListenAllAsync(1);
        await cluster.TellAsync("fork WORKER_KIND=hostile HOSTILE=none");
        await cluster.ExpectAsync("disconnect 2 connected=False asked=False");
        await cluster.ExpectAsync("exit 2 code=8");
        Assert.DoesNotContain(cluster.Seen, line => line.StartsWith("message 2", StringComparison.Ordinal) || line.StartsWith("error", StringComparison.Ordinal));
        Assert.Equal(1, await EchoClient.WhoServesAsync(endPoint));
    }

    [Fact]
    public async Task ADescriptorOnAVerbThatNeedsNone_IsClosed()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ListenAllAsync(1);
        await cluster.ForkAsync("WORKER_KIND=hostile HOSTILE=wait");
        var before = await DescriptorsAsync(cluster);
        await cluster.TellAsync("disconnect 2");
        await cluster.ExpectAsync("exit 2 code=7");
        await cluster.ForkAsync("WORKER_KIND=hostile HOSTILE=fileverb");
        await Scheduling.EventuallyAsync(async () => await DescriptorsAsync(cluster) <= before);
        Assert.DoesNotContain(cluster.Seen, line => line.StartsWith("error", StringComparison.Ordinal));
        await cluster.TellAsync("disconnect 3");
        await cluster.ExpectAsync("exit 3 code=7");
    }

    /// <summary>close(2) of such a socket takes a minute: whoever does it in the loop's place, or the dispatcher's, holds up everything.</summary>
    [Theory]
    [InlineData("lingering", null)]
    [InlineData("lingeringverb", null)]
    [InlineData("lingeringdatagram", "which is no UDP socket")]
    [InlineData("lingeringunspoken", "that no message speaks of")]
    [InlineData("lingeringmany", "that no message speaks of")]
    public async Task ASocketWhoseCloseWaits_HoldsUpNobody(string offence, string? expected)
    {
        await using var cluster = await TestCluster.StartAsync(new Dictionary<string, string?> { ["IGNORES_SOCKETS"] = "1" });
        var endPoint = await cluster.ListenAllAsync(1);
        await cluster.ForkAsync("WORKER_KIND=hostile HOSTILE=wait");
        var before = await DescriptorsAsync(cluster);
        await cluster.TellAsync("disconnect 2");
        await cluster.ExpectAsync("exit 2 code=7");
        await cluster.TellAsync($"fork WORKER_KIND=hostile HOSTILE={offence}");
        await cluster.ExpectAsync("online 3");
        if (expected is null)
        {
            // It lives, so that close(2) would wait, and has said its last word.
            await cluster.ExpectAsync("message 3 done");
            await cluster.TellAsync("request 1 shout still");
            await cluster.ExpectAsync("reply STILL");
            await cluster.TellAsync("disconnect 3");
        }
        else
        {
            Assert.Contains(expected, await cluster.ExpectAsync("error 3 ClusterProtocolException"), StringComparison.Ordinal);
        }

        await cluster.ExpectAsync("exit 3 code=7");
        Assert.Equal(1, await EchoClient.WhoServesAsync(endPoint));
        await Scheduling.EventuallyAsync(async () => await DescriptorsAsync(cluster) <= before);
    }

    [Fact]
    public async Task SocketsThatCannotBeClosed_KeepNobodyElsesOpen()
    {
        await using var cluster = await TestCluster.StartAsync(new Dictionary<string, string?> { ["IGNORES_SOCKETS"] = "1" });
        await cluster.ForkAsync();
        await cluster.TellAsync("fork WORKER_KIND=hostile HOSTILE=lingeringnested");
        await cluster.ExpectAsync("message 2 done");

        // Its client hears the end when the primary has closed what nobody took.
        await cluster.TellAsync("send 1 sendsocket");
        await cluster.ExpectAsync("message 1 heard");
        await cluster.TellAsync("disconnect 2");
        await cluster.ExpectAsync("exit 2 code=7");
    }

    private static async Task<int> DescriptorsAsync(TestCluster cluster)
    {
        await cluster.TellAsync("fds");
        return int.Parse((await cluster.ExpectAsync("fds ")).Split(' ')[1], CultureInfo.InvariantCulture);
    }
}
