using System.Globalization;

namespace Prefork.IntegrationTests;

/// <summary>Each Node worker that opens the inspector has a port of its own for it.</summary>
public class InspectPorts
{
    private const string Worker = "process.send(JSON.stringify({ execArgv: process.execArgv, port: process.debugPort })); process.on('message', () => {});";

    [Fact]
    public async Task ANodeWorkersInspector_ListensWhereTheSettingSays()
    {
        using var script = new Script();
        var (first, second) = (Listening.FreePort(), Listening.FreePort());
        await using var cluster = await TestCluster.StartAsync($"setup exec={script.Path} execargs=--inspect inspect={first},{second}");
        foreach (var (worker, port) in new[] { (1, first), (2, second) })
        {
            Assert.Equal($$"""{"execArgv":["--inspect","--inspect-port={{port}}"],"port":{{port}}}""", await ForkAsync(cluster, worker));
            using var client = new HttpClient();
            Assert.Contains("webSocketDebuggerUrl", await client.GetStringAsync($"http://127.0.0.1:{port}/json/list"), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--inspect-port=9229")]
    [InlineData("--debug-port=9229")]
    public async Task WithoutTheSetting_PortsCountUpFrom9230(string option)
    {
        // Options that give the port and do not open it: nobody need have these ports free.
        using var script = new Script();
        await using var cluster = await TestCluster.StartAsync($"setup exec={script.Path} execargs={option}");
        for (var worker = 1; worker <= 3; worker++)
        {
            Assert.Equal($$"""{"execArgv":["{{option}}","--inspect-port={{9229 + worker}}"],"port":{{9229 + worker}}}""", await ForkAsync(cluster, worker));
        }
    }

    [Fact]
    public async Task NodeOptions_InTheWorkersEnvironment_AskForAPortToo()
    {
        using var script = new Script();
        await using var cluster = await TestCluster.StartAsync(
            new Dictionary<string, string?> { ["NODE_OPTIONS"] = null }, $"setup exec={script.Path} env=NODE_OPTIONS:--inspect-port=9229");
        Assert.Equal("""{"execArgv":["--inspect-port=9230"],"port":9230}""", await ForkAsync(cluster, 1));
        Assert.Equal("""{"execArgv":["--inspect-port=9231"],"port":9231}""", await ForkAsync(cluster, 2));
        Assert.Equal("""{"execArgv":[],"port":9229}""", await ForkAsync(cluster, 3, "NODE_OPTIONS="));
    }

    [Fact]
    public async Task WithoutTheSetting_PortsCountUp_FromTheOneThatIsAskedFor()
    {
        using var script = new Script();
        var port = Listening.FreePort();
        await using var cluster = await TestCluster.StartAsync(new Dictionary<string, string?> { ["NODE_OPTIONS"] = $"--inspect-port=127.0.0.1:{port}" }, $"setup exec={script.Path}");
        Assert.Equal($$"""{"execArgv":["--inspect-port={{port + 1}}"],"port":{{port + 1}}}""", await ForkAsync(cluster, 1));
        Assert.Equal($$"""{"execArgv":["--inspect-port={{port + 2}}"],"port":{{port + 2}}}""", await ForkAsync(cluster, 2));
    }

    [Fact]
    public async Task ANodeWorkerWithoutInspector_GetsNoOption()
    {
        using var script = new Script();
        await using var cluster = await TestCluster.StartAsync(new Dictionary<string, string?> { ["NODE_OPTIONS"] = null }, $"setup exec={script.Path} inspect=9300");
        Assert.Equal("""{"execArgv":[],"port":9229}""", await ForkAsync(cluster, 1));
    }

    [Fact]
    public async Task ADotnetWorker_GetsNoOption_WhateverIsSet()
    {
        await using var cluster = await TestCluster.StartAsync(new Dictionary<string, string?> { ["NODE_OPTIONS"] = "--inspect" }, $"setup exec={Programs.ClusterApp} inspect=9300");
        var pid = await cluster.ForkAsync();
        Assert.DoesNotContain("inspect", await File.ReadAllTextAsync(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/cmdline")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task APortThatIsNone_IsRefused_AndTheNextWorkerStarts()
    {
        using var script = new Script();
        await using var cluster = await TestCluster.StartAsync($"setup exec={script.Path} execargs=--inspect-port=9229 inspect=65536,9300", "fork");
        await cluster.ExpectAsync("threw ArgumentOutOfRangeException: A port is from 0 to 65535. (Parameter 'InspectPort')");
        Assert.Equal("""{"execArgv":["--inspect-port=9229","--inspect-port=9300"],"port":9300}""", await ForkAsync(cluster, 1));
    }

    private static async Task<string> ForkAsync(TestCluster cluster, int worker, string environment = "")
    {
        await cluster.TellAsync($"fork {environment}".TrimEnd());
        var prefix = $"message {worker} ";
        return (await cluster.ExpectAsync(prefix))[prefix.Length..];
    }

    private sealed class Script : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        internal Script() => File.WriteAllText(Path, Worker);

        internal string Path => System.IO.Path.Combine(_folder.Path, "worker.js");

        public void Dispose() => _folder.Dispose();
    }
}
