namespace Prefork.IntegrationTests;

/// <summary>However a worker ends, it is told exactly once, disconnect before exit, by code or by signal.</summary>
public class Deaths
{
    [Theory]
    [InlineData("exit 42", "code=42 signal= asked=False")]
    [InlineData("exit 137", "code=137 signal= asked=False")]
    [InlineData("throw", "code= signal=SIGABRT asked=False")]
    [InlineData("failfast", "code= signal=SIGABRT asked=False")]
    [InlineData("segv", "code= signal=SIGSEGV asked=False")]
    [InlineData("signal SIGKILL", "code= signal=SIGKILL asked=False")]
    [InlineData("disconnect", "code=0 signal= asked=True")]
    [InlineData("kill", "code=0 signal= asked=True")]
    public async Task AWorkerThatEndsByItself_IsDisconnectedThenExited_Once(string how, string expected)
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.ListenAsync(1, "127.0.0.1:0");
        await cluster.TellAsync($"send 1 {how}");
        await cluster.ExpectAsync("disconnect 1 connected=False");
        var exit = await cluster.ExpectAsync("exit 1 ");
        Assert.Equal($"exit 1 {expected} dead=True workers=", exit);
        await AssertOnceAsync(cluster);
    }

    [Theory]
    [InlineData("SIGTERM")]
    [InlineData("SIGKILL")]
    [InlineData("SIGUSR1")]
    public async Task AKilledWorker_ExitsByThatSignal(string signal)
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync($"kill 1 {signal}");
        await cluster.ExpectAsync("killed True");
        await cluster.ExpectAsync("disconnect 1 connected=False asked=False");
        Assert.StartsWith($"exit 1 code= signal={signal} asked=False", await cluster.ExpectAsync("exit 1 "));
        await AssertOnceAsync(cluster);
    }

    [Fact]
    public async Task ADisconnectedWorker_LeavesAsAsked()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.ListenAsync(1, "127.0.0.1:0");
        await cluster.TellAsync("disconnect 1");
        await cluster.ExpectAsync("message 1 leaving");
        await cluster.ExpectAsync("disconnect 1 connected=False asked=True");
        Assert.Equal("exit 1 code=0 signal= asked=True dead=True workers=", await cluster.ExpectAsync("exit 1 "));
        await AssertOnceAsync(cluster);
    }

    [Theory]
    [InlineData("exec=/no/such/program")]
    [InlineData("exec=/no/such/assembly.dll")]
    [InlineData("exec=/etc/hostname")]
    [InlineData("cwd=/no/such/folder")]
    public async Task AWorkerThatCannotStart_IsAnErrorAndADisconnect_AndNoExit(string setting)
    {
        await using var cluster = await TestCluster.StartAsync($"setup {setting}", "fork");
        Assert.Equal("forked 1  connected=False dead=True", await cluster.ExpectAsync("forked 1"));
        var error = await cluster.ExpectEverAsync("error 1 ");
        Assert.Contains(setting[(setting.IndexOf('=') + 1)..], error, StringComparison.Ordinal);
        await cluster.ExpectEverAsync("disconnect 1 connected=False");
        await cluster.TellAsync("workers");
        Assert.Equal("workers ", await cluster.ExpectAsync("workers"));
        Assert.DoesNotContain(cluster.Seen, line => line.StartsWith("exit ", StringComparison.Ordinal));

        // The next one starts all the same.
        await cluster.TellAsync($"setup exec={Programs.ClusterApp} cwd=/tmp");
        await cluster.ForkAsync();
    }

    [Fact]
    public async Task AFileThatIsNoProgram_IsAnError_AndSaysSo()
    {
        using var folder = new TemporaryFolder();
        var file = await folder.WriteAsync("program", "\u0001\u0002 this is no program\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await using var cluster = await TestCluster.StartAsync($"setup exec={file}", "fork");
        Assert.Equal("forked 1  connected=False dead=True", await cluster.ExpectAsync("forked 1"));
        Assert.Contains($"Could not start {file}: Exec format error (errno 8)", await cluster.ExpectEverAsync("error 1 Win32Exception"), StringComparison.Ordinal);
        await cluster.ExpectEverAsync("disconnect 1 connected=False");
        await cluster.TellAsync("workers");
        Assert.Equal("workers ", await cluster.ExpectAsync("workers"));
        Assert.DoesNotContain(cluster.Seen, line => line.StartsWith("exit ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnAssemblyThatIsNone_EndsWithTheHostsCode_AndNeverIsOnline()
    {
        using var folder = new TemporaryFolder();
        var file = await folder.WriteAsync("program.dll", "this is no assembly\n");
        await using var cluster = await TestCluster.StartAsync($"setup exec={file}", "fork");
        await cluster.ExpectAsync("disconnect 1 connected=False asked=False");
        Assert.DoesNotContain("code=0", await cluster.ExpectAsync("exit 1 "), StringComparison.Ordinal);
        Assert.DoesNotContain(cluster.Seen, line => line.StartsWith("online", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AWorkerThatHangsBeforeItIsOnline_CanBeKilled()
    {
        await using var cluster = await TestCluster.StartAsync("setup exec=/bin/sleep args=60", "fork");
        await cluster.ExpectAsync("forked 1");
        await cluster.TellAsync("state 1");
        Assert.Equal("state 1 Forked connected=True dead=False asked=", await cluster.ExpectAsync("state 1"));
        await cluster.TellAsync("kill 1 SIGKILL");
        await cluster.ExpectAsync("disconnect 1");
        await cluster.ExpectAsync("exit 1 code= signal=SIGKILL");
        await AssertOnceAsync(cluster);
    }

    [Fact]
    public async Task AWorkerThatClosesItsChannelAndLivesOn_IsDisconnectedNow_AndExitsLater()
    {
        await using var cluster = await TestCluster.StartAsync();
        var pid = await cluster.ForkAsync("STAY=1");
        await cluster.TellAsync("send 1 closechannel");
        await cluster.ExpectAsync("disconnect 1 connected=False asked=False");
        await cluster.TellAsync("state 1");
        Assert.Equal("state 1 Disconnected connected=False dead=False asked=False", await cluster.ExpectAsync("state 1"));
        Native.Kill(pid, Native.SigKill);
        await cluster.ExpectAsync("exit 1 code= signal=SIGKILL");
        await AssertOnceAsync(cluster);
    }

    [Fact]
    public async Task TheLastWordsOfAWorker_ComeBeforeItsEnd()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync("send 1 say last words");
        await cluster.TellAsync("send 1 exit 3");
        await cluster.ExpectAsync("message 1 last words");
        await cluster.ExpectAsync("disconnect 1");
        await cluster.ExpectAsync("exit 1 code=3");
    }

    [Fact]
    public async Task DisconnectAll_EndsWhenTheLastWorkerIsGone_AndNotBefore()
    {
        await using var cluster = await TestCluster.StartAsync();
        var endPoint = await cluster.ListenAllAsync(3);
        using var first = await EchoClient.ConnectAsync(endPoint);
        var busy = await first.WorkerAsync();
        await cluster.TellAsync("disconnectall");
        for (var i = 0; i < 2; i++)
        {
            await cluster.ExpectAsync("exit ");
        }

        Assert.DoesNotContain(cluster.Seen, line => line.StartsWith($"disconnect {busy}", StringComparison.Ordinal));
        Assert.Equal("still here", await first.EchoAsync("still here"));
        first.Dispose();
        await cluster.ExpectAsync($"exit {busy} code=0");
        Assert.Equal("alldisconnected workers=", await cluster.ExpectAsync("alldisconnected"));
    }

    [Theory]
    [InlineData("disconnectall", "alldisconnected")]
    [InlineData("disconnect 1", "exit 1")]
    public async Task AWorkerWithoutAChannel_IsAskedToLeaveBySigTerm(string command, string expected)
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync("STAY=1");
        await cluster.TellAsync("send 1 closechannel");
        await cluster.ExpectAsync("disconnect 1 connected=False asked=False");
        await cluster.TellAsync(command);
        Assert.Contains("code= signal=SIGTERM asked=True", await cluster.ExpectAsync("exit 1"), StringComparison.Ordinal);
        await cluster.ExpectEverAsync(expected);
    }

    [Fact]
    public async Task DisconnectAll_WithoutWorkers_Ends()
    {
        await using var cluster = await TestCluster.StartAsync("disconnectall");
        await cluster.ExpectAsync("alldisconnected");
    }

    [Fact]
    public async Task DisconnectTwice_IsHarmless_EvenWithOpenConnections()
    {
        await using var cluster = await TestCluster.StartAsync();
        var endPoint = await cluster.ListenAllAsync(1);
        using (var client = await EchoClient.ConnectAsync(endPoint))
        {
            await client.WorkerAsync();
            await cluster.TellAsync("disconnect 1");
            await cluster.TellAsync("disconnect 1");
            await cluster.ExpectAsync("message 1 leaving");
            Assert.Equal("in between", await client.EchoAsync("in between"));
        }

        await cluster.ExpectAsync("disconnect 1");
        await cluster.ExpectAsync("exit 1 code=0");
        await AssertOnceAsync(cluster);
    }

    [Fact]
    public async Task IdsAreNeverUsedTwice_EvenWhenAStartFails()
    {
        await using var cluster = await TestCluster.StartAsync("setup exec=/no/such/program", "fork", $"setup exec={Programs.ClusterApp}");
        await cluster.ExpectAsync("forked 1");
        await cluster.TellAsync("fork");
        await cluster.ExpectAsync("forked 2");
    }

    private static async Task AssertOnceAsync(TestCluster cluster)
    {
        await cluster.TellAsync("workers");
        await cluster.ExpectAsync("workers");
        foreach (var what in new[] { "disconnect 1 ", "exit 1 " })
        {
            Assert.Single(cluster.Seen, line => line.StartsWith(what, StringComparison.Ordinal));
        }
    }
}
