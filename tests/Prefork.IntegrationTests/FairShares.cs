namespace Prefork.IntegrationTests;

/// <summary>Workers that are expected get their share of the machine, by variables that only they have.</summary>
public class FairShares
{
    [Fact]
    public async Task WithAnExpectation_WorkersHaveTheirShare_AndTheirChildrenDoNot()
    {
        await using var cluster = await TestCluster.StartAsync("setup expected=1000");
        var variables = Variables(await cluster.ForkAsync());
        Assert.Equal("0", variables.GetValueOrDefault("DOTNET_gcServer"));
        Assert.Equal(Environment.ProcessorCount > 2 ? "2" : null, variables.GetValueOrDefault("DOTNET_PROCESSOR_COUNT"));
        foreach (var name in new[] { "DOTNET_gcServer", "DOTNET_PROCESSOR_COUNT", "DOTNET_GCHeapHardLimit", "PREFORK_SHARE" })
        {
            await cluster.TellAsync($"send 1 env {name}");
            Assert.Equal($"message 1 env {name}=", await cluster.ExpectAsync("message 1 env"));
        }
    }

    [Fact]
    public async Task AWebApplication_WhoseSdkAsksForTheServerCollector_HasItsShare()
    {
        await using var cluster = await TestCluster.StartAsync($"setup expected=1000 exec={Programs.WebApp} args=--urls,http://127.0.0.1:0");
        Assert.Equal("0", Variables(await cluster.ForkAsync()).GetValueOrDefault("DOTNET_gcServer"));
    }

    /// <summary>The pool asks how long to spin when it is first used, when the variable that said so is gone already.</summary>
    [Fact]
    public async Task IdlePoolThreads_DoNotSpin_AndChildrenHearNothingOfIt()
    {
        const string Variable = "DOTNET_ThreadPool_UnfairSemaphoreSpinLimit";
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync("send 1 poolspins");
        Assert.Equal("message 1 poolspins 0", await cluster.ExpectAsync("message 1 poolspins"));
        await cluster.TellAsync($"send 1 env {Variable}");
        Assert.Equal($"message 1 env {Variable}=", await cluster.ExpectAsync("message 1 env"));
        await cluster.ForkAsync($"{Variable}=20");
        await cluster.TellAsync("send 2 poolspins");
        Assert.Equal("message 2 poolspins 32", await cluster.ExpectAsync("message 2 poolspins"));
    }

    [Fact]
    public async Task WithoutAnExpectation_NothingIsSet()
    {
        await using var cluster = await TestCluster.StartAsync();
        Assert.DoesNotContain(Variables(await cluster.ForkAsync()).Keys, name => name is "DOTNET_gcServer" or "DOTNET_PROCESSOR_COUNT" or "DOTNET_GCHeapHardLimit");
    }

    [Theory]
    [InlineData("primary", "DOTNET_gcServer")]
    [InlineData("primary", "COMPlus_gcServer")]
    [InlineData("settings", "DOTNET_gcServer")]
    [InlineData("fork", "DOTNET_gcServer")]
    [InlineData("fork", "COMPlus_gcServer")]
    public async Task WhatTheUserSets_Stays(string where, string name)
    {
        var environment = new Dictionary<string, string?> { ["COMPlus_gcServer"] = null, ["DOTNET_gcServer"] = null };
        if (where == "primary")
        {
            environment[name] = "1";
        }

        await using var cluster = await TestCluster.StartAsync(environment, $"setup expected=1000{(where == "settings" ? $" env={name}:1" : "")}");
        var variables = Variables(await cluster.ForkAsync(where == "fork" ? $"{name}=1" : ""));
        Assert.Equal([$"{name}=1"], variables.Where(pair => pair.Key.EndsWith("gcServer", StringComparison.Ordinal)).Select(pair => $"{pair.Key}={pair.Value}"));
    }

    [Fact]
    public async Task AnExpectationOfNobody_IsRefused()
    {
        await using var cluster = await TestCluster.StartAsync("setup expected=0");
        Assert.Contains("ExpectedWorkers", await cluster.ExpectAsync("threw ArgumentOutOfRangeException"), StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Variables(int pid)
        => File.ReadAllText($"/proc/{pid}/environ").Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
}
