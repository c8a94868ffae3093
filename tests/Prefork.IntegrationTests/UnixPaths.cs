using System.Net.Sockets;

namespace Prefork.IntegrationTests;

/// <summary>The path of a listener is its name for clients, and anybody may take it away: it is looked at, and bound anew.</summary>
public class UnixPaths
{
    [Theory]
    [InlineData("rr")]
    [InlineData("none")]
    public async Task AWorkerThatRemovesThePathFirst_GetsItAnew_AndClientsOfTheOldOneAreServed(string policy)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "a.sock");
        var endPoint = new UnixDomainSocketEndPoint(path);
        await using var cluster = await TestCluster.StartAsync($"policy {policy}");
        await cluster.ForkReadyAsync();
        await cluster.ForkReadyAsync();
        await cluster.ListenAsync(1, $"unix:{path} remove noaccept");
        using var early = await EchoClient.ConnectAsync(endPoint);
        await cluster.ListenAsync(2, $"unix:{path} remove");
        Assert.True(File.Exists(path));
        for (var i = 0; i < 4 && policy == "none"; i++)
        {
            Assert.Equal(2, await EchoClient.WhoServesAsync(endPoint));
        }

        // Who came by the old path waits for the first worker still.
        await cluster.TellAsync("send 1 accept a");
        Assert.Equal(1, await early.WorkerAsync());
        var served = new HashSet<int>();
        for (var i = 0; i < 10; i++)
        {
            served.Add(await EchoClient.WhoServesAsync(endPoint));
        }

        Assert.Equal(policy == "none" ? [2] : [1, 2], served.Order());

        // A crash, and the replacement removes it again.
        await cluster.TellAsync("kill 1 SIGKILL");
        await cluster.ExpectAsync("exit 1 ");
        await cluster.ForkReadyAsync();
        await cluster.ListenAsync(3, $"unix:{path} remove");
        Assert.True(await EchoClient.WhoServesAsync(endPoint) > 1);
        await cluster.TellAsync("disconnectall");
        await cluster.ExpectAsync("alldisconnected");
        await Scheduling.EventuallyAsync(() => Task.FromResult(!File.Exists(path)));
    }

    [Fact]
    public async Task APathRemovedByAWorkerThatEnds_IsThereAgain()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "a.sock");
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkReadyAsync();
        await cluster.ForkReadyAsync();
        await cluster.ListenAsync(1, $"unix:{path}");
        await cluster.ListenAsync(2, $"unix:{path}");
        File.Delete(path);
        await cluster.TellAsync("kill 1 SIGKILL");
        await cluster.ExpectAsync("exit 1 ");
        await Scheduling.EventuallyAsync(() => Task.FromResult(File.Exists(path)));
        Assert.Equal(2, await EchoClient.WhoServesAsync(new UnixDomainSocketEndPoint(path)));
    }

    /// <summary>So many of its paths are remembered as it may have open at once: those are the last ones.</summary>
    [Fact]
    public async Task APathOfAWorkerThatHasHadVeryMany_IsThereAgain()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "a.sock");
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkReadyAsync();
        await cluster.ForkReadyAsync();
        for (var i = 0; i < 256; i++)
        {
            await cluster.ListenAsync(1, $"unix:{Path.Combine(folder.Path, $"{i}")}", "x");
            await cluster.TellAsync("send 1 dispose x");
            await cluster.ExpectAsync("message 1 disposed x");
        }

        await cluster.ListenAsync(1, $"unix:{path}");
        await cluster.ListenAsync(1, $"unix:{path}2", "b");
        await cluster.ListenAsync(2, $"unix:{path}");
        File.Delete(path);
        await cluster.TellAsync("kill 1 SIGKILL");
        await cluster.ExpectAsync("exit 1 ");
        await Scheduling.EventuallyAsync(() => Task.FromResult(File.Exists(path)));
        Assert.Equal(2, await EchoClient.WhoServesAsync(new UnixDomainSocketEndPoint(path)));
    }

    [Fact]
    public async Task APathThatIsSomebodyElsesMeanwhile_IsInUse_AndWhoListensServesOn()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "a.sock");
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkReadyAsync();
        await cluster.ForkReadyAsync();
        await cluster.ListenAsync(1, $"unix:{path}");
        using var client = await EchoClient.ConnectAsync(new UnixDomainSocketEndPoint(path));
        File.Delete(path);
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(path));
        other.Listen();
        await cluster.TellAsync($"send 2 listen a unix:{path}");
        Assert.Contains("AddressAlreadyInUse", await cluster.ExpectAsync("message 2 cannot a"), StringComparison.Ordinal);
        Assert.Equal(1, await client.WorkerAsync());

        // A link that leads to the listener is the listener's path as well.
        other.Dispose();
        File.Delete(path);
        await cluster.ListenAsync(2, $"unix:{path}", "b");
        File.Move(path, $"{path}.moved");
        File.CreateSymbolicLink(path, $"{path}.moved");
        await cluster.ForkReadyAsync();
        await cluster.ListenAsync(3, $"unix:{path}");
        Assert.True(new FileInfo(path).LinkTarget is not null);
    }

    [Fact]
    public async Task APathRemovedTimeAndAgain_LeavesNoMoreThanAFewSockets()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "a.sock");
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkReadyAsync();
        await cluster.ForkReadyAsync();
        await cluster.ListenAsync(1, $"unix:{path}", "kept");
        for (var i = 0; i < 20; i++)
        {
            await cluster.ListenAsync(2, $"unix:{path} remove");
            Assert.InRange(await EchoClient.WhoServesAsync(new UnixDomainSocketEndPoint(path)), 1, 2);
            await cluster.TellAsync("send 2 dispose a");
            await cluster.ExpectAsync("message 2 disposed a");
        }

        await Scheduling.EventuallyAsync(() => Task.FromResult(File.ReadLines("/proc/net/unix").Count(line => line.EndsWith(path, StringComparison.Ordinal)) is > 1 and < 15));
    }

    /// <summary>It is not that of the workers which the supervisor reloads.</summary>
    [Fact]
    public async Task APathThatIsSomebodyElsesMeanwhile_FailsNoReloadOfOthers()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "a.sock");
        var script = await folder.WriteAsync("other.js", $"require('node:net').createServer().listen('{path}');");
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0");
        await supervisor.AskAsync($"fork {script}", "forked");
        File.Delete(path);
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(path));
        other.Listen();
        await supervisor.AskAsync("reload", "result True generation=2");
    }

    /// <summary>Node's programs do so when they begin, and some when they end.</summary>
    [Fact]
    public async Task AReload_OfAProgramThatRemovesItsPath_LeavesThePathWhereClientsFindIt()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "a.sock");
        var script = await folder.WriteAsync("server.js", $$"""
            const remove = () => { try { require('node:fs').unlinkSync('{{path}}') } catch { } };
            remove();
            process.on('exit', remove);
            const fails = process.env.BEHAVE === 'fails';
            require('node:net').createServer(c => c.end(`${require('node:cluster').worker.id} served\n`)).listen('{{path}}', () => fails && process.exit(3));
            """);
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={script}", "output=", "workers=1", "watch=0");
        await supervisor.AskAsync("start", "started");
        Assert.Equal(1, await EchoClient.WhoServesAsync(new UnixDomainSocketEndPoint(path)));
        await supervisor.AskAsync("reload", "result True generation=2");
        await supervisor.ExpectEverAsync("WorkerEnded worker 1 ");
        await Scheduling.EventuallyAsync(() => Task.FromResult(File.Exists(path)));
        Assert.Equal(2, await EchoClient.WhoServesAsync(new UnixDomainSocketEndPoint(path)));
        await supervisor.AskAsync("launch BEHAVE=fails", "set");
        await supervisor.AskAsync("reload watch=5000", "result False generation=2");
        await Scheduling.EventuallyAsync(() => Task.FromResult(File.Exists(path)));
        Assert.Equal(2, await EchoClient.WhoServesAsync(new UnixDomainSocketEndPoint(path)));
        await supervisor.AskAsync("stop", "stopped");
        Assert.False(File.Exists(path));
    }
}
