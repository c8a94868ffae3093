using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Prefork.IntegrationTests;

/// <summary>A program that is published as a single file is its own worker.</summary>
public class SingleFile
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ForksItself_AndItsWorkersServe(bool selfContained)
    {
        var program = await PublishAsync(selfContained);
        await using var cluster = await TestCluster.StartProgramAsync(program);
        var endPoint = await cluster.ListenAllAsync(2);
        Assert.Equal([1, 2], new[] { await EchoClient.WhoServesAsync(endPoint), await EchoClient.WhoServesAsync(endPoint) }.Order());
        await cluster.TellAsync("send 1 where");
        Assert.Equal($"message 1 where {Environment.CurrentDirectory}  {program}", await cluster.ExpectAsync("message 1 where"));
        await cluster.TellAsync("kill 1 SIGKILL");
        await cluster.ExpectAsync("exit 1 code= signal=SIGKILL");
        Assert.Equal(2, await EchoClient.WhoServesAsync(endPoint));
        await cluster.TellAsync("disconnect 2");
        await cluster.ExpectAsync("exit 2 code=0 signal= asked=True");

        // It is not the dotnet host, and finds it all the same when a worker is an assembly.
        await cluster.TellAsync($"setup exec={Programs.ClusterApp}.dll");
        await cluster.ForkAsync();
        await cluster.TellAsync("send 3 where");
        Assert.EndsWith("/dotnet", await cluster.ExpectAsync("message 3 where"), StringComparison.Ordinal);
    }

    /// <summary>
    /// ClusterApp in one file, below artifacts/ in a folder of its own, so that the build's own output is not touched.
    /// Published anew each time: when nothing has changed that takes two seconds.
    /// </summary>
    private static async Task<string> PublishAsync(bool selfContained)
    {
        var folder = Path.Combine(Programs.Artifacts, "single-file");
        var output = Path.Combine(folder, selfContained ? "self-contained" : "framework-dependent");
        var start = new ProcessStartInfo("dotnet",
        [
            "publish", Path.Combine(Programs.Artifacts, "../tests/ClusterApp"), "-c", "Release", "--nologo", "-v", "quiet",
            "-r", RuntimeInformation.RuntimeIdentifier, "--self-contained", selfContained ? "true" : "false", "-p:PublishSingleFile=true",
            "--artifacts-path", folder, "-o", output,

            // Nothing that goes on running behind the test.
            "--disable-build-servers", "-nodeReuse:false",
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var publish = Process.Start(start)!;
        var said = publish.StandardOutput.ReadToEndAsync();
        var errors = publish.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        try
        {
            await publish.WaitForExitAsync(patience.Token);
        }
        finally
        {
            publish.Kill(entireProcessTree: true);
        }

        Assert.True(publish.ExitCode == 0, $"{await said}{await errors}");
        Assert.Empty(Directory.GetFiles(output, "*.dll"));
        return Path.Combine(output, "ClusterApp");
    }
}
