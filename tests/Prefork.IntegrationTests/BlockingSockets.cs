namespace Prefork.IntegrationTests;

/// <summary>A Socket that says that it blocks does, wherever it has come from; whoever shares it keeps his own ways.</summary>
public class BlockingSockets
{
    [Fact]
    public async Task ASocket_PassedEitherWay_BlocksForBoth()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkReadyAsync();
        foreach (var (kind, waits) in Kinds)
        {
            await cluster.TellAsync($"sync 1 {kind}");
            Assert.Equal([$"message 1 sync taken {waits}", $"sync 0 {kind} here {waits}"], await TwoAsync());
            await cluster.TellAsync($"send 1 sync {kind}");
            Assert.Equal([$"message 1 sync {kind} here {waits}", $"sync 0 taken {waits}"], await TwoAsync());
        }

        async Task<string[]> TwoAsync()
        {
            var lines = new[] { await NextAsync(), await NextAsync() };
            return [.. lines.Order(StringComparer.Ordinal)];
        }

        Task<string> NextAsync() => cluster.ExpectAsync(line => line.Contains("sync ", StringComparison.Ordinal), "a result");
    }

    [Theory]
    [InlineData("rr")]
    [InlineData("none")]
    public async Task ASocketOfTheClusters_Blocks(string policy)
    {
        await using var cluster = await TestCluster.StartAsync($"policy {policy}");
        await cluster.ForkReadyAsync();
        await cluster.TellAsync("send 1 syncgiven udp");
        Assert.Equal("message 1 sync udp given receive waits", await cluster.ExpectAsync("message 1 sync"));
        await cluster.TellAsync("send 1 syncgiven tcp");
        Assert.Equal("message 1 sync tcp given receive waits send waits", await cluster.ExpectAsync("message 1 sync"));
    }

    [Fact]
    public async Task AConnectionOfANodePrimarys_Blocks()
    {
        await using var primary = await NodePeers.StartPrimaryAsync("rr", "json");
        await primary.TellAsync("send 1 syncgiven tcp");
        Assert.Equal("message 1 sync tcp given receive waits send waits", await primary.ExpectAsync("message 1 sync"));
    }

    private static readonly (string, string)[] Kinds =
    [
        ("tcp", "receive waits send waits"), ("unix", "receive waits send waits"), ("listening", "accept waits"), ("unixlistening", "accept waits"), ("udp", "receive waits"),
    ];
}
