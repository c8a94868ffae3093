using Prefork.Processes;

namespace Prefork.Tests.Processes;

/// <summary>A worker gets its part of the machine, and what the user has decided stays.</summary>
public class FairShareTests
{
    private const long GiB = 1024 * 1024 * 1024;

    [Theory]
    [InlineData(1, 8, null)]
    [InlineData(2, 8, "5")]
    [InlineData(3, 8, "4")]
    [InlineData(4, 8, "3")]
    [InlineData(8, 8, "2")]
    [InlineData(100, 8, "2")]
    [InlineData(2, 2, null)]
    [InlineData(4, 1, null)]
    [InlineData(4, 64, "17")]
    public void Processors_AreDividedAndOneMore_AndNothingWhenThatIsAll(int workers, int processors, string? expected)
        => Assert.Equal(expected, FairShare.Of(workers, processors, null).GetValueOrDefault("PROCESSOR_COUNT"));

    [Theory]
    [InlineData(1, 4 * GiB, null)]
    [InlineData(4, null, null)]
    [InlineData(2, 4 * GiB, "60000000")]
    [InlineData(8, 4 * GiB, "60000000")]
    [InlineData(8, GiB / 32, "1400000")]
    public void InAContainer_AWorkersHeapMayTakeHalfOfWhatAProcessAloneMay(int workers, long? limit, string? expected)
        => Assert.Equal(expected, FairShare.Of(workers, 8, limit).GetValueOrDefault("GCHeapHardLimit"));

    [Theory]
    [InlineData(1, 2, null)]
    [InlineData(2, 2, "0")]
    [InlineData(4, 8, null)]
    [InlineData(8, 8, "0")]
    public void ASmallShare_CollectsAsAWorkstation(int workers, int processors, string? expected)
        => Assert.Equal(expected, FairShare.Of(workers, processors, null).GetValueOrDefault("gcServer"));

    [Theory]
    [InlineData("DOTNET_gcServer")]
    [InlineData("COMPlus_gcServer")]
    [InlineData("DOTNET_GCServer")]
    [InlineData("DOTNET_GCHeapCount")]
    public void WhatTheUserHasSet_Stays(string name)
    {
        var environment = new Dictionary<string, string> { [name] = "1" };
        FairShare.AddTo(environment, Settings(expected: 1000), []);
        Assert.Equal("1", environment[name]);
        Assert.False(environment.ContainsKey("DOTNET_gcServer") && name != "DOTNET_gcServer");
    }

    [Fact]
    public void WhatTheUserHasRemoved_StaysAway()
    {
        var environment = new Dictionary<string, string>();
        FairShare.AddTo(environment, Settings(expected: 1000), ["DOTNET_gcServer"]);
        Assert.DoesNotContain("DOTNET_gcServer", environment);
    }

    [Theory]
    [InlineData("System.GC.Server", false)]
    [InlineData("System.GC.HeapCount", true)]
    public void WhatTheProgramsFileDecides_Stays_ButForWhatTheSdkWritesIntoAll(string property, bool stays)
    {
        var folder = Directory.CreateTempSubdirectory("prefork-test-");
        try
        {
            File.WriteAllText($"{folder}/app.runtimeconfig.json", $$"""{ "runtimeOptions": { "configProperties": { "{{property}}": 1 } } }""");
            foreach (var exec in new[] { $"{folder}/app.dll", $"{folder}/app" })
            {
                var environment = new Dictionary<string, string>();
                FairShare.AddTo(environment, Settings(expected: 1000, exec), []);
                Assert.Equal(stays, !environment.ContainsKey("DOTNET_gcServer"));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void WithoutAnExpectation_OrForANodeScript_NothingIsSet()
    {
        var environment = new Dictionary<string, string>();
        FairShare.AddTo(environment, Settings(expected: null), []);
        FairShare.AddTo(environment, Settings(expected: 1000, exec: "/srv/worker.js"), []);
        Assert.Empty(environment);
    }

    [Fact]
    public void OursAreNamed_SoThatTheWorkerDoesNotPassThemOn()
    {
        var environment = new Dictionary<string, string>();
        FairShare.AddTo(environment, Settings(expected: 1000), []);
        Assert.Equal("0", environment["DOTNET_gcServer"]);
        Assert.Equal(environment.Keys.Where(name => name != "PREFORK_SHARE").Order(), environment["PREFORK_SHARE"].Split(' ').Order());
    }

    private static ClusterSettings Settings(int? expected, string exec = "/no/such/program") => new() { ExpectedWorkers = expected, Exec = exec };
}
