namespace Prefork.IntegrationTests;

/// <summary>A file system that does not answer holds up who asks for a name in it, and nobody else.</summary>
public class HangingFileSystems
{
    [Theory]
    [InlineData("rr")]
    [InlineData("none")]
    public async Task APathThatHangs_FailsItsQuery_AndThePrimaryGoesOn(string policy)
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync($"policy {policy}", "setup files=300");
        using var hangs = HangingFileSystem.Mount(folder.Path);
        await cluster.ForkReadyAsync();
        await cluster.TellAsync($"send 1 listen a unix:{folder.Path}/a.sock");
        await cluster.TellAsync($"send 1 listen b unix:{folder.Path}/b.sock");

        // The loop is not held up: a fork, a listener, an exit, a request.
        await cluster.ForkReadyAsync();
        var endPoint = await cluster.ListenAsync(2, "127.0.0.1:0");
        Assert.Equal(2, await EchoClient.WhoServesAsync(endPoint));
        Assert.Contains("TimedOut", await cluster.ExpectEverAsync("message 1 cannot a"), StringComparison.Ordinal);
        Assert.Contains("file system", await cluster.ExpectEverAsync("message 1 cannot b"), StringComparison.Ordinal);

        // Asked again it fails again, and takes no other thread; the first call is still under way.
        await cluster.TellAsync($"send 1 listen a unix:{folder.Path}/a.sock");
        Assert.Contains("TimedOut", await cluster.ExpectAsync("message 1 cannot a"), StringComparison.Ordinal);

        // When it answers, what was bound too late is gone, and the next query gets what it asks for.
        hangs.Dispose();
        await cluster.ListenAsync(1, $"unix:{folder.Path}/a.sock");
        Assert.Equal(1, await EchoClient.WhoServesAsync(new System.Net.Sockets.UnixDomainSocketEndPoint($"{folder.Path}/a.sock")));
        await cluster.TellAsync("disconnectall");
        await cluster.ExpectAsync("alldisconnected");
    }

    /// <summary>The path was bound before; to look at it, and to unlink it, is what hangs.</summary>
    [Theory]
    [InlineData("rr")]
    [InlineData("none")]
    public async Task APathThatBeginsToHang_HoldsUpNoCloseAndNoAcceptor(string policy)
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync($"policy {policy}", "setup files=300 grace=0");
        await cluster.ForkReadyAsync();
        await cluster.ForkReadyAsync();
        await cluster.ListenAsync(1, $"unix:{folder.Path}/a.sock");
        using var client = await EchoClient.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint($"{folder.Path}/a.sock"));
        Assert.Equal(1, await client.WorkerAsync());
        using var hangs = HangingFileSystem.Mount(folder.Path);

        // Another worker asks for it: it is looked at. Who listens already serves on.
        await cluster.TellAsync($"send 2 listen a unix:{folder.Path}/a.sock");
        Assert.Contains("TimedOut", await cluster.ExpectAsync("message 2 cannot a"), StringComparison.Ordinal);
        Assert.Equal("still", await client.EchoAsync("still"));

        // The last worker stops it: it is unlinked, and can be asked for only when that is done.
        await cluster.TellAsync("send 1 dispose a");
        await cluster.ExpectAsync("message 1 disposed a");
        await cluster.TellAsync($"send 2 listen a unix:{folder.Path}/a.sock");
        var endPoint = await cluster.ListenAsync(2, "127.0.0.1:0", "b");
        Assert.Equal(2, await EchoClient.WhoServesAsync(endPoint));
        Assert.Contains("TimedOut", await cluster.ExpectAsync("message 2 cannot a"), StringComparison.Ordinal);

        // A worker that dies is seen to.
        await cluster.TellAsync("kill 1 SIGKILL");
        await cluster.ExpectAsync("exit 1 ");
        Assert.Equal(2, await EchoClient.WhoServesAsync(endPoint));
        hangs.Dispose();
        await cluster.ListenAsync(2, $"unix:{folder.Path}/a.sock", "c");
    }

    [Fact]
    public async Task AProgramThatHangs_IsNoWorker_AndThePrimaryGoesOn()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync();
        var pid = await cluster.ForkReadyAsync();
        await cluster.TellAsync($"setup files=1500 cwd={folder.Path}");
        using var hangs = HangingFileSystem.Mount(folder.Path);

        // The shell that forks waits; the loop does not, and sees another one's end meanwhile.
        await cluster.TellAsync("fork");
        Native.Kill(pid, Native.SigKill);
        await cluster.ExpectAsync("exit 1 ");
        Assert.DoesNotContain(cluster.Seen, static line => line.StartsWith("error ", StringComparison.Ordinal));
        Assert.Contains("has not answered within 1.5 s", await cluster.ExpectAsync("error 2 TimeoutException: Could not start"), StringComparison.Ordinal);
        await cluster.ExpectEverAsync("disconnect 2");
        await cluster.ExpectEverAsync("forked 2  connected=False dead=True");
        hangs.Dispose();
        await cluster.ForkReadyAsync();
    }

    /// <summary>Each of the new workers waits for its program's interpreter, on a thread that it keeps.</summary>
    [Fact]
    public async Task ProgramsThatHang_FailTheirReloads_AndTheOldOneIsStartedAgainAllTheSame()
    {
        using var folder = new TemporaryFolder();
        using var place = new TemporaryFolder();
        var script = await place.WriteAsync("program", $"#!{folder.Path}/interpreter\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0");
        using var hangs = HangingFileSystem.Mount(folder.Path);
        await supervisor.AskAsync($"launch exec={script} files=100", "set");
        for (var i = 0; i < 5; i++)
        {
            await supervisor.AskAsync("options workers=4", "set");
            Assert.Contains("has not answered within 0.1 s", await supervisor.AskAsync("reload mode=AllAtOnce", "result False generation=1"), StringComparison.Ordinal);
        }

        await supervisor.SignalAsync(1, Native.SigKill);
        await supervisor.ExpectAsync("WorkerServes ");
        Assert.Equal(1, (await supervisor.WhoAsync()).Generation);
    }

    /// <summary>Of workers that the supervisor does not reload.</summary>
    [Fact]
    public async Task APathThatHangs_FailsNoReloadOfOthers()
    {
        using var folder = new TemporaryFolder();
        using var place = new TemporaryFolder();
        var script = await place.WriteAsync("other.js", $"require('node:net').createServer().listen('{folder.Path}/a.sock');");
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0");
        await supervisor.AskAsync($"fork {script}", "forked");
        using var hangs = HangingFileSystem.Mount(folder.Path);
        await supervisor.AskAsync("reload", "result True generation=2");
    }

    /// <summary>Recycling looks at a file there each second as well.</summary>
    [Fact]
    public async Task AFolderThatHangs_FailsTheReload_AndHoldsUpNoSupervisor()
    {
        using var folder = new TemporaryFolder();
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0", "boot=60000", $"trigger={folder.Path}/restart.txt");
        await supervisor.AskAsync("options boot=500", "set");
        await supervisor.AskAsync($"launch cwd={folder.Path}", "set");
        using var hangs = HangingFileSystem.Mount(folder.Path);
        await supervisor.TellAsync("reload");
        Assert.Equal("Healthy", (await supervisor.StatusAsync()).State);
        Assert.Contains("0.5 s", await supervisor.ExpectEverAsync("result False generation=1"), StringComparison.Ordinal);

        // One that is being read is called off, and so it is by a stop.
        await supervisor.AskAsync("options boot=60000", "set");
        await supervisor.AskAsync("reload", "OperationBegan");
        await supervisor.AskAsync("rollback", "result True generation=1");
        await supervisor.AskAsync("reload", "OperationBegan");
        await supervisor.AskAsync("stop", "stopped");
    }
}
