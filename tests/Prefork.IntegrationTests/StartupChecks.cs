namespace Prefork.IntegrationTests;

/// <summary>Workers warn, once for all of them, of what breaks when one process becomes many, and of nothing else.</summary>
public sealed class StartupChecks : IDisposable
{
    private const string Warning = "warn: Prefork.AspNetCore.StartupChecks[";
    private const string Looked = "dbug: Prefork.AspNetCore.StartupChecks[11]";

    // What a test is not about is settled: the collector, and the name.
    private const string Settled = "DOTNET_gcServer=0";

    /// <summary>Data Protection writes its keys there.</summary>
    private readonly TemporaryFolder _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("ephemeral", 1, "#data-protection-keys")]
    [InlineData("mvc", 2, "#data-protection-name")]
    [InlineData("session,name:x", 5, "#sessions-and-distributed-caches")]
    [InlineData("mvc,name:x,session", 5, "#sessions-and-distributed-caches")]
    [InlineData("cache", 6, "#sessions-and-distributed-caches")]
    [InlineData("cache,mvc,name:x", 6, "#sessions-and-distributed-caches")]
    [InlineData("signalr,name:x", 7, "#signalr")]
    [InlineData("sqlite", 8, "#sqlite")]
    public async Task WhatBreaks_IsSaidOnce_WithARemedy(string with, int eventId, string anchor)
    {
        var warnings = await WarningsAsync(with, Settled);
        var warning = Assert.Single(warnings);
        Assert.StartsWith($"{Warning}{eventId}]", warning, StringComparison.Ordinal);
        Assert.Contains($"See docs/one-becomes-many.md{anchor}", warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("mvc,name:x")]
    [InlineData("blazor,name:x")]
    [InlineData("session,name:x,checks:SignalR")]
    [InlineData("ephemeral,checks:None")]
    public async Task AGoodApplication_OrOneThatIsNotToBeChecked_IsSilent(string with)
        => Assert.Empty(await WarningsAsync(with, Settled));

    /// <summary>.NET takes the working directory where HOME cannot be used.</summary>
    [Fact]
    public async Task KeysWithoutAFolder_AreNotShared()
        => Assert.StartsWith($"{Warning}1]", Assert.Single(await WarningsAsync("name:x", $"{Settled} HOME=/proc/none", " cwd=/proc")), StringComparison.Ordinal);

    [Fact]
    public async Task ServerCollectorsWithoutALimit_AreSaid_OnTwoProcessorsOrMore()
    {
        var warnings = await WarningsAsync("", "DOTNET_gcServer=1");
        Assert.Equal(Environment.ProcessorCount > 1 ? 1 : 0, warnings.Count);
        Assert.All(warnings, warning => Assert.StartsWith($"{Warning}3]", warning, StringComparison.Ordinal));
    }

    [Fact]
    public async Task HeapsThatMayEachTakeMostOfTheMemory_AreSaid()
        => Assert.StartsWith($"{Warning}4]", Assert.Single(await WarningsAsync("", $"{Settled} DOTNET_GCHeapHardLimitPercent=4B")), StringComparison.Ordinal);

    [Fact]
    public async Task ServerCollectorsWithALimit_AreNot() => Assert.Empty(await WarningsAsync("", "DOTNET_gcServer=1 DOTNET_GCHeapHardLimit=8000000"));

    [Fact]
    public async Task AFileThatTwoWrite_IsSaid_AndFilesOfTheirOwnAreNot()
    {
        using var folder = new TemporaryFolder();
        Assert.Empty(await WarningsAsync($"openown:{folder.Path}", Settled));
        var warning = Assert.Single(await WarningsAsync($"open:{folder.Path}/app.log", Settled));
        Assert.StartsWith($"{Warning}9]", warning, StringComparison.Ordinal);
        Assert.Contains($"{folder.Path}/app.log", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnOpenSqliteDatabase_IsKnownByItsHeader()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync($"{folder.Path}/data", [.. "SQLite format 3\0"u8, 1, 2, 3]);
        var warning = Assert.Single(await WarningsAsync($"open:{folder.Path}/data", Settled));
        Assert.StartsWith($"{Warning}8]", warning, StringComparison.Ordinal);
    }

    /// <summary>A lock of fcntl is the process's, and goes with the first close of that file, whoever opened it for what.</summary>
    [Fact]
    public async Task ADatabaseThatIsLookedAt_KeepsItsLocks()
    {
        using var folder = new TemporaryFolder();
        var database = $"{folder.Path}/data.db";
        await File.WriteAllBytesAsync(database, [.. "SQLite format 3\0"u8, 1, 2, 3]);
        await using var cluster = await TestCluster.StartAsync(new Dictionary<string, string?> { ["HOME"] = _home.Path }, $"setup exec={Programs.ChecksApp}", $"fork {Settled}");
        await cluster.ExpectAsync("message 1 urls");
        await cluster.TellAsync($"fork {Settled} WITH=lock:{database}");
        await cluster.ExpectAsync($"{Warning}8]");
        await using var other = new FileStream(database, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        Assert.Throws<IOException>(() => other.Lock(0, 1));
    }

    [Fact]
    public async Task OneWorker_IsNotWarned()
    {
        await using var cluster = await TestCluster.StartAsync(new Dictionary<string, string?> { ["WITH"] = "session" }, $"setup exec={Programs.ChecksApp}", "fork");
        await cluster.ExpectAsync("message 1 urls");
        await cluster.TellAsync("disconnect 1");
        await cluster.ExpectAsync("exit 1 ");
        Assert.DoesNotContain(cluster.Seen, line => line.StartsWith(Warning, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ANewGeneration_IsWarnedAgain_WhenThereAreSeveralOfIt()
    {
        await using var cluster = await StartAsync("cache", Settled);

        // As in a reload of a single worker: it has a predecessor, and no other beside it.
        await cluster.TellAsync($"fork {Settled} PREFORK_GENERATION=1");
        await cluster.ExpectAsync(Looked);
        Assert.Equal(1, cluster.Seen.Count(line => line.StartsWith(Warning, StringComparison.Ordinal)));
        await cluster.TellAsync($"fork {Settled} PREFORK_GENERATION=1");
        await cluster.ExpectAsync(Looked);
        Assert.Equal(2, cluster.Seen.Count(line => line.StartsWith(Warning, StringComparison.Ordinal)));
    }

    private async Task<List<string>> WarningsAsync(string with, string environment, string setup = "")
    {
        await using var cluster = await StartAsync(with, environment, setup);
        return [.. cluster.Seen.Where(line => line.StartsWith(Warning, StringComparison.Ordinal))];
    }

    /// <summary>Two workers, one after the other, and a third that says nothing new; the first may be alone when it looks, and then does not.</summary>
    private async Task<TestCluster> StartAsync(string with, string environment, string setup = "")
    {
        var cluster = await TestCluster.StartAsync(new Dictionary<string, string?> { ["WITH"] = with, ["HOME"] = _home.Path }, $"setup exec={Programs.ChecksApp}{setup}");
        await cluster.TellAsync($"fork {environment}");
        await cluster.ExpectAsync("message 1 urls");
        for (var i = 2; i <= 3; i++)
        {
            await cluster.TellAsync($"fork {environment}");
            await cluster.ExpectAsync(Looked);
        }

        return cluster;
    }
}
