using System.Globalization;
using ClusterApp;

namespace Prefork.IntegrationTests;

/// <summary>Nothing is left of a worker that is gone.</summary>
public class Leaks
{
    [Fact]
    public async Task AThousandWorkers_LeaveNoDescriptor_NoZombie_NoThread()
    {
        await using var cluster = await TestCluster.StartAsync("setup exec=/bin/sleep args=60", "churn 10");
        await cluster.ExpectAsync("churned", TimeSpan.FromMinutes(2));
        var before = await DescriptorsAsync(cluster);
        await cluster.TellAsync("churn 1000");
        await cluster.ExpectAsync("churned", TimeSpan.FromMinutes(3));
        Assert.Equal(before, await DescriptorsAsync(cluster));
        AssertNoChildren(cluster.Id);
    }

    [Theory]
    [InlineData("rr")]
    [InlineData("none")]
    public async Task AHundredLivesOfRealWorkers_LeaveNoDescriptor_NoSocketFile_NoZombie_NoThread(string policy)
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync($"policy {policy}", "setup grace=0", $"live 16 {folder.Path}");
        await cluster.ExpectAsync("lived", TimeSpan.FromMinutes(1));
        var before = OpenDescriptors.Of(cluster.Id);
        await cluster.TellAsync($"live 104 {folder.Path}");
        await cluster.ExpectAsync("lived", TimeSpan.FromMinutes(4));
        var after = before;
        await Scheduling.EventuallyAsync(
            () => Task.FromResult((after = OpenDescriptors.Of(cluster.Id)).Length <= before.Length),
            () => $"There were {string.Join(' ', before)}, and are {string.Join(' ', after)}.");
        await Scheduling.EventuallyAsync(() => Task.FromResult(!Scheduling.HasThread(cluster.Id, "prefork accept")));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
        AssertNoChildren(cluster.Id);
    }

    /// <summary>Of any of its threads, dead or alive: a child is that of the thread that started it.</summary>
    private static void AssertNoChildren(int pid)
        => Assert.All(Directory.GetDirectories($"/proc/{pid}/task"), task => Assert.Empty(File.ReadAllText($"{task}/children")));

    [Theory]
    [InlineData("rr")]
    [InlineData("none")]
    public async Task ListenersAndLanes_AreClosedWithTheirWorkers(string policy)
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync($"policy {policy}", "setup grace=0");

        await RoundAsync(cluster, folder.Path, 1);
        await RoundAsync(cluster, folder.Path, 2);
        var before = await DescriptorsAsync(cluster);
        for (var i = 3; i <= 8; i++)
        {
            await RoundAsync(cluster, folder.Path, i);
        }

        await Scheduling.EventuallyAsync(async () => await DescriptorsAsync(cluster) <= before);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    private static async Task RoundAsync(TestCluster cluster, string folder, int worker)
    {
        await cluster.ForkAsync();
        var tcp = await cluster.ListenAsync(worker, "127.0.0.1:0", "a");
        var unix = await cluster.ListenAsync(worker, $"unix:{folder}/a.sock", "b");
        Assert.Equal(worker, await EchoClient.WhoServesAsync(tcp));
        Assert.Equal(worker, await EchoClient.WhoServesAsync(unix));
        await cluster.TellAsync(worker % 2 == 0 ? $"kill {worker} SIGKILL" : $"disconnect {worker}");
        await cluster.ExpectAsync($"exit {worker}");
    }

    private static async Task<int> DescriptorsAsync(TestCluster cluster)
    {
        await cluster.TellAsync("fds");
        return int.Parse((await cluster.ExpectAsync("fds ")).Split(' ')[1], CultureInfo.InvariantCulture);
    }
}
