using System.Diagnostics;

namespace Prefork.IntegrationTests;

/// <summary>A TLS session that one worker began is resumed by every other, and by its successors.</summary>
public class TlsSessions
{
    [Fact]
    public async Task AnyWorker_ResumesWhatAnotherBegan()
    {
        await using var cluster = await WebCluster.StartAsync(2);
        var lines = await AskAsync(cluster, 9);
        Assert.EndsWith(" new", lines[0], StringComparison.Ordinal);
        Assert.Equal(["1 resumed", "2 resumed"], lines[1..].Distinct().Order());
    }

    [Fact]
    public async Task Successors_ResumeWhatThoseBeforeThemBegan()
    {
        await using var cluster = await WebCluster.StartAsync(1);
        var saved = Path.GetTempFileName();
        try
        {
            Assert.Equal(["1 new"], await AskAsync(cluster, 1, saved));
            await cluster.ReplaceAsync(1);
            Assert.Equal(["2 resumed"], await AskAsync(cluster, 1, saved));
        }
        finally
        {
            File.Delete(saved);
        }
    }

    [Fact]
    public async Task SwitchedOff_EachWorkerResumesItsOwn()
    {
        await using var cluster = await WebCluster.StartAsync(2, "--share-tls-sessions=false");
        var lines = await AskAsync(cluster, 9);
        var first = lines[0].Split(' ')[0];
        Assert.Equal(new[] { "1", "2" }.Select(worker => $"{worker} {(worker == first ? "resumed" : "new")}"), lines[1..].Distinct().Order());
    }

    /// <summary>A client with one session, which it begins with the first connection, or has from the file.</summary>
    private static async Task<string[]> AskAsync(WebCluster cluster, int count, string file = "")
    {
        using var node = Process.Start(new ProcessStartInfo("node", [Path.Combine(AppContext.BaseDirectory, "tls-session.js"), $"{cluster.Https.Port}", $"{count}", file]) { RedirectStandardOutput = true })!;
        var lines = (await node.StandardOutput.ReadToEndAsync().WaitAsync(TestProgram.Patience)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await node.WaitForExitAsync().WaitAsync(TestProgram.Patience);
        Assert.Equal(0, node.ExitCode);
        return lines;
    }
}
