using System.Net;

namespace Prefork.Tool.Tests;

/// <summary><c>prefork run</c> makes workers of applications that know nothing of it.</summary>
public class Running
{
    [Theory]
    [InlineData("default")]
    [InlineData("slim")]
    [InlineData("empty")]
    [InlineData("generic")]
    [InlineData("web-host")]
    public async Task AnyBuildersHost_IsAWorkers(string builder) => await ServesFromEveryWorkerAsync(Published.Assembly, builder);

    [Fact]
    public async Task AnAppHost_IsRun() => await ServesFromEveryWorkerAsync(Published.AppHost);

    [Fact]
    public async Task ASingleFile_IsRun() => await ServesFromEveryWorkerAsync(await Published.AsAsync("single-file", "-p:PublishSingleFile=true", "--no-self-contained"));

    [Fact]
    public async Task ASelfContainedSingleFile_IsRun() => await ServesFromEveryWorkerAsync(await Published.AsAsync("self-contained", "-p:PublishSingleFile=true", "--self-contained"));

    [Theory]
    [InlineData("8.0")]
    [InlineData("9.0")]
    public async Task AnApplicationOfAnOlderNet_OnItsOwnRuntime_IsRun(string version)
        => await ServesFromEveryWorkerAsync(await Published.AsAsync($"net{version}", $"-p:Older=net{version}", "--self-contained"));

    [Fact]
    public async Task AnApplicationWithTheLineItself_IsRunAllTheSame()
    {
        await using var run = Run([Published.WebApp, "-w", "2", "--", "--urls", "http://127.0.0.1:0"]);
        var port = await PortAsync(run);
        Assert.Equal(["1", "2"], (await WorkersAsync(port, 2)).Order());
    }

    [Fact]
    public async Task TheApplicationsArguments_ArriveAsTheyAre()
    {
        await using var run = Run([Published.Assembly, "-w", "1", "--", "slim", "http://127.0.0.1:0", "--workers", "7", "-e", "two words"]);
        Assert.Equal("slim http://127.0.0.1:0 --workers 7 -e two words", (await AskAsync(await PortAsync(run), "/arguments", 1))[0]);
    }

    [Theory]
    [InlineData("/environment")]
    [InlineData("/child")]
    public async Task NothingOfOurs_IsLeftInTheEnvironment_OfTheApplicationOrItsChildren(string path)
    {
        // Without the one that this repository's tests are told the versions of Node by; and nothing of what systemd says to the command.
        await using var run = Run(
            [Published.Assembly, "-w", "1", "--", "slim", "http://127.0.0.1:0"],
            new Dictionary<string, string?> { ["PREFORK_NODE"] = null, ["NOTIFY_SOCKET"] = "/nowhere", ["WATCHDOG_USEC"] = "1000000", ["LISTEN_FDS"] = "1" });
        Assert.Equal("", (await AskAsync(await PortAsync(run), path, 1))[0]);
    }

    [Fact]
    public async Task ADeadWorker_IsReplaced()
    {
        await using var run = Run([Published.Assembly, "-w", "2", "--", "slim", "http://127.0.0.1:0"]);
        var port = await PortAsync(run);
        var pids = await WorkersAsync(port, 2);
        Native.Kill(int.Parse(pids[0]), Native.SigKill);
        await run.ExpectErrorAsync("prefork: worker ", $"pid {pids[0]}) ended (signal SIGKILL)");
        var after = await WorkersAsync(port, 2, without: pids[0]);
        Assert.Contains(pids[1], after);
    }

    [Fact]
    public async Task AWorkerThatIsToldToStop_LeavesInOrder_AndIsReplaced()
    {
        await using var run = Run([Published.Assembly, "-w", "2", "--", "slim", "http://127.0.0.1:0"]);
        var port = await PortAsync(run);
        var pids = await WorkersAsync(port, 2);
        Native.Kill(int.Parse(pids[0]), Native.SigTerm);
        await run.ExpectErrorAsync("prefork: worker ", $"pid {pids[0]}) ended (code 0): left by itself");
        Assert.Contains(pids[1], await WorkersAsync(port, 2, without: pids[0]));
    }

    [Theory]
    [InlineData(Native.SigTerm)]
    [InlineData(Native.SigInt)]
    public async Task ASignal_EndsItInOrder(int signal)
    {
        await using var run = Run([Published.Assembly, "-w", "2", "--", "slim", "http://127.0.0.1:0"]);
        var port = await PortAsync(run);
        await WorkersAsync(port, 2);
        run.Signal(signal);
        Assert.Equal(0, await run.WaitForExitAsync());
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => AskAsync(port, "/", 1));
    }

    internal static TestProgram Run(IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
        => new(Published.Command, ["run", .. arguments], environment);

    private static async Task ServesFromEveryWorkerAsync(string program, string builder = "slim")
    {
        await using var run = Run([program, "-w", "3", "--", builder, "http://127.0.0.1:0"]);
        await WorkersAsync(await PortAsync(run), 3);
        run.Signal(Native.SigTerm);
        Assert.Equal(0, await run.WaitForExitAsync());
    }

    internal static async Task<int> PortAsync(TestProgram run)
        => IPEndPoint.Parse((await run.ExpectErrorAsync("prefork: listening on ")).Split(' ')[^1]).Port;

    /// <summary>Asks till so many workers have answered: they do not come up at once.</summary>
    internal static async Task<List<string>> WorkersAsync(int port, int count, string? without = null)
    {
        using var timeout = new CancellationTokenSource(TestProgram.Patience);
        while (true)
        {
            timeout.Token.ThrowIfCancellationRequested();
            var workers = (await AskAsync(port, "/", count * 2)).Where(pid => pid != without).Distinct().ToList();
            if (workers.Count == count)
            {
                return workers;
            }
        }
    }

    internal static async Task<List<string>> AskAsync(int port, string path, int times)
    {
        using var client = new HttpClient { Timeout = TestProgram.Patience };
        client.DefaultRequestHeaders.ConnectionClose = true;
        var answers = new List<string>();
        for (var i = 0; i < times; i++)
        {
            answers.Add(await client.GetStringAsync($"http://127.0.0.1:{port}{path}"));
        }

        return answers;
    }
}
