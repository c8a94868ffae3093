namespace Prefork.IntegrationTests;

/// <summary>What a worker is started with.</summary>
public class StartingWorkers
{
    [Fact]
    public async Task ByDefault_AWorkerIsThisProgram_WithItsArguments()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync("send 1 where");
        Assert.Equal($"message 1 where {Environment.CurrentDirectory}  {Programs.ClusterApp}", await cluster.ExpectAsync("message 1 where"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("exec ")]
    public async Task StartedByTheDotnetHost_SoAreTheWorkers(string host)
    {
        await using var cluster = new TestProgram("dotnet", [.. host.Split(' ', StringSplitOptions.RemoveEmptyEntries), $"{Programs.ClusterApp}.dll", "one", "two"]);
        await cluster.ExpectAsync("primary");
        await cluster.TellAsync("fork");
        await cluster.ExpectAsync("online 1");
        await cluster.TellAsync("send 1 where");
        var where = await cluster.ExpectAsync("message 1 where");
        Assert.Contains(" one,two ", where, StringComparison.Ordinal);
        Assert.EndsWith("/dotnet", where, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAssembly_IsRunByDotnet()
    {
        await using var cluster = await TestCluster.StartAsync($"setup exec={Programs.ClusterApp}.dll args=x");
        await cluster.ForkAsync();
        await cluster.TellAsync("send 1 where");
        Assert.EndsWith("/dotnet", await cluster.ExpectAsync("message 1 where"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASettingHoldsForLaterForks_AndAccumulates()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync($"setup cwd={folder.Path}", "setup args=a,b");
        await cluster.ExpectAsync("setup");
        await cluster.ExpectAsync("setup");
        await cluster.ForkAsync();
        await cluster.TellAsync("send 1 where");
        await cluster.ExpectAsync($"message 1 where {folder.Path} a,b");
    }

    [Fact]
    public async Task TheEnvironment_IsThePrimarysAndTheSettingsAndTheForks()
    {
        await using var cluster = await TestCluster.StartAsync(new Dictionary<string, string?> { ["FROM_PRIMARY"] = "1" }, "setup env=FROM_SETTINGS:2");
        await cluster.ForkAsync("FROM_FORK=3 NODE_UNIQUE_ID=99");
        foreach (var (name, value) in new[] { ("FROM_PRIMARY", "1"), ("FROM_SETTINGS", "2"), ("FROM_FORK", "3"), ("NODE_UNIQUE_ID", ""), ("NODE_CHANNEL_FD", "") })
        {
            await cluster.TellAsync($"send 1 env {name}");
            await cluster.ExpectAsync($"message 1 env {name}={value}");
        }
    }

    [Fact]
    public async Task ASilentWorker_WritesToItsPipe()
    {
        await using var cluster = await TestCluster.StartAsync("setup silent=true");
        await cluster.ForkAsync();
        await cluster.TellAsync("send 1 stdout hello");
        await cluster.ExpectAsync("stdout 1 hello");
    }

    [Fact]
    public async Task StdioIsAsSet_AndMustHaveAChannel()
    {
        await using var cluster = await TestCluster.StartAsync("setup stdio=ignore,pipe,inherit,ignore,ipc");
        await cluster.ForkAsync();
        await cluster.TellAsync("send 1 stdout hello");
        await cluster.ExpectAsync("stdout 1 hello");
        await cluster.TellAsync("setup stdio=inherit,inherit,inherit");
        await cluster.ExpectAsync("threw ArgumentException: Stdio must contain Channel exactly once");
        await cluster.TellAsync("setup stdio=ipc,ipc");
        await cluster.ExpectAsync("threw ArgumentException");
    }

    [Fact]
    public async Task AnotherUser_NeedsRoot()
    {
        if (Environment.UserName != "root")
        {
            await using var refused = await TestCluster.StartAsync("setup uid=0", "fork");
            await refused.ExpectAsync("threw UnauthorizedAccessException");
            return;
        }

        await using var cluster = await TestCluster.StartAsync("setup uid=65534 gid=65534");
        var pid = await cluster.ForkAsync();
        var status = await File.ReadAllLinesAsync($"/proc/{pid}/status");
        Assert.Contains("Uid:\t65534\t65534\t65534\t65534", status);
        Assert.Contains("Gid:\t65534\t65534\t65534\t65534", status);
        Assert.Contains("Groups:\t ", status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task APrimaryStartedWithSigChldIgnored_HearsHowItsWorkersEnd(bool withOtherChildren)
    {
        await using var cluster = StartIgnoring("CHLD");
        await cluster.ExpectAsync("primary ");

        // .NET's own children, before the first fork and beside it, change nothing: their first makes .NET handle the signal.
        if (withOtherChildren)
        {
            await cluster.TellAsync("spawn /bin/true x");
            await cluster.ExpectAsync("spawned ");
        }

        for (var i = 1; i <= 3; i++)
        {
            await cluster.TellAsync("fork");
            await cluster.ExpectAsync($"online {i}");
            if (withOtherChildren)
            {
                await cluster.TellAsync("spawn /bin/true x");
            }

            await cluster.TellAsync(i == 2 ? "kill 2 SIGKILL" : $"send {i} exit {i}");
            await cluster.ExpectAsync(i == 2 ? "exit 2 code= signal=SIGKILL" : $"exit {i} code={i} signal=");
        }
    }

    [Fact]
    public async Task SignalsThatThePrimaryWasStartedWithIgnored_AreTheWorkersToHandle_ButForThoseOfTheTerminal()
    {
        // nohup, and a shell for a job in the background, ignore the latter for all that the job starts.
        await using var cluster = StartIgnoring("HUP INT QUIT CHLD TERM USR1");
        await cluster.ExpectAsync("primary ");
        await cluster.TellAsync("setup exec=/bin/sleep args=60");
        await cluster.TellAsync("fork");
        Assert.Equal((1ul << 0) | (1ul << 1) | (1ul << 2), await IgnoredAsync(await cluster.ExpectAsync("forked 1")));
    }

    private static TestProgram StartIgnoring(string signals) => new("bash", ["-c", $"trap '' {signals}; exec \"$0\"", Programs.ClusterApp]);

    private static async Task<ulong> IgnoredAsync(string forked)
    {
        var pid = forked.Split(' ')[2];
        await Scheduling.EventuallyAsync(async () => await File.ReadAllTextAsync($"/proc/{pid}/comm") == "sleep\n");

        // Without those above, of which the C library ignores two of its own.
        return Mask(await File.ReadAllLinesAsync($"/proc/{pid}/status"), "SigIgn:") & int.MaxValue;
    }

    [Fact]
    public async Task SignalsThatThePrimaryIgnores_AreNotIgnoredInTheWorker()
    {
        // .NET ignores SIGPIPE, and what is ignored stays so across exec.
        await using var cluster = await TestCluster.StartAsync("setup exec=/bin/sleep args=60", "fork");
        var pid = (await cluster.ExpectAsync("forked 1")).Split(' ')[2];
        await Scheduling.EventuallyAsync(async () => await File.ReadAllTextAsync($"/proc/{pid}/comm") == "sleep\n");
        var status = await File.ReadAllLinesAsync($"/proc/{pid}/status");
        Assert.Equal(0ul, Mask(status, "SigIgn:") & (1ul << 12));
        Assert.Equal(0ul, Mask(status, "SigBlk:"));
    }

    private static ulong Mask(string[] status, string name)
        => Convert.ToUInt64(status.Single(line => line.StartsWith(name, StringComparison.Ordinal)).Split('\t')[1], 16);
}
