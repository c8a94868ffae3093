using System.Globalization;

namespace Prefork.IntegrationTests;

/// <summary>Nothing of ours is inherited by what a worker or the primary starts.</summary>
public class Inheritance
{
    [Theory]
    [InlineData("rr")]
    [InlineData("none")]
    public async Task AGrandchild_HasItsStandardStreams_AndNothingElse(string policy)
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync($"policy {policy}");
        var endPoint = await cluster.ListenAllAsync(2);
        await cluster.ListenAsync(1, "127.0.0.1:0 exclusive", "exclusive");
        await cluster.ListenAsync(1, $"unix:{folder.Path}/a.sock", "path");
        await cluster.TellAsync("send 1 udp 127.0.0.1:0");
        await cluster.ExpectAsync("message 1 binds ");
        await cluster.TellAsync("openfd");
        await cluster.ExpectAsync("openfd ");
        using var client = await EchoClient.ConnectAsync(endPoint);
        await client.WorkerAsync();
        await cluster.TellAsync("send 1 spawn sleep 30");
        await AssertCleanAsync(await PidAsync(cluster, "message 1 spawned "));
        await cluster.TellAsync("spawn sleep 30");
        await AssertCleanAsync(await PidAsync(cluster, "spawned "));
    }

    [Fact]
    public async Task AGrandchild_DoesNotHideItsParentsDeath_NorIsItAWorker()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync("send 1 spawn sleep 30");
        var pid = await PidAsync(cluster, "message 1 spawned ");
        var environment = await File.ReadAllTextAsync($"/proc/{pid}/environ");
        Assert.DoesNotContain("NODE_UNIQUE_ID", environment, StringComparison.Ordinal);
        Assert.DoesNotContain("NODE_CHANNEL_FD", environment, StringComparison.Ordinal);
        await cluster.TellAsync("kill 1 SIGKILL");
        await cluster.ExpectAsync("disconnect 1");
        await cluster.ExpectAsync("exit 1");
        Native.Kill(pid, Native.SigKill);
    }

    [Fact]
    public async Task AWorker_StartsWithItsChannel_AndNothingElse()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ListenAllAsync(1);
        await cluster.TellAsync("setup exec=/bin/sleep args=30");
        await cluster.TellAsync("fork");
        var pid = int.Parse((await cluster.ExpectAsync("forked 2")).Split(' ')[2], CultureInfo.InvariantCulture);
        await AsleepAsync(pid);
        Assert.Equal((await InheritedAsync()).Append("3").Order(StringComparer.Ordinal), Descriptors(pid));
    }

    /// <summary>A worker that had them would report for the service, feed its watchdog, and take its sockets.</summary>
    [Fact]
    public async Task WhatSystemdSaysToThePrimary_IsNotForItsWorkers()
    {
        string[] names = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "SYSTEMD_EXEC_PID"];
        await using var cluster = await TestCluster.StartAsync(names.Append("INVOCATION_ID").ToDictionary(static name => name, static string? (_) => "1"));
        var variables = (await File.ReadAllTextAsync($"/proc/{await cluster.ForkAsync()}/environ")).Split('\0');
        Assert.DoesNotContain(variables, variable => names.Contains(variable.Split('=')[0]));
        Assert.Contains("INVOCATION_ID=1", variables);

        // Who says so himself has his way.
        Assert.Contains("NOTIFY_SOCKET=2", (await File.ReadAllTextAsync($"/proc/{await cluster.ForkAsync("NOTIFY_SOCKET=2")}/environ")).Split('\0'));
    }

    private static async Task AssertCleanAsync(int pid)
    {
        await AsleepAsync(pid);
        Assert.Equal(await InheritedAsync(), Descriptors(pid));
        Native.Kill(pid, Native.SigKill);
    }

    /// <summary>What any child of ours gets: the standard streams, and whatever we were started with ourselves.</summary>
    private static async Task<List<string>> InheritedAsync()
    {
        using var child = System.Diagnostics.Process.Start("sleep", "30");
        try
        {
            await AsleepAsync(child.Id);
            return [.. Descriptors(child.Id)];
        }
        finally
        {
            child.Kill();
        }
    }

    /// <summary>A program that has begun to sleep has closed what its start had opened.</summary>
    private static async Task AsleepAsync(int pid)
        => await Scheduling.EventuallyAsync(async () => (await File.ReadAllTextAsync($"/proc/{pid}/wchan")).Contains("nanosleep", StringComparison.Ordinal));

    private static IEnumerable<string> Descriptors(int pid)
        => Directory.GetFileSystemEntries($"/proc/{pid}/fd").Select(Path.GetFileName).Select(name => name!).Order(StringComparer.Ordinal);

    private static async Task<int> PidAsync(TestCluster cluster, string prefix)
        => int.Parse((await cluster.ExpectAsync(prefix))[prefix.Length..], CultureInfo.InvariantCulture);
}
