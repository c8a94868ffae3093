namespace Prefork.Tool.Tests;

/// <summary>A program that runs by itself runs as a worker: it is held to no more than it holds itself to.</summary>
public class RunningAsByThemselves
{
    [Fact]
    public async Task HealthChecksThatNobodyAskedFor_KeepNoWorkerFromServing()
    {
        await using var run = Running.Run([Published.Assembly, "-w", "2", "--", "unhealthy", "http://127.0.0.1:0"]);
        await run.ExpectErrorAsync("prefork: worker 1 ", " serves");
        await run.ExpectErrorAsync("prefork: worker 2 ", " serves");
        Assert.Equal(2, (await Running.WorkersAsync(await Running.PortAsync(run), 2)).Count);
    }

    [Fact]
    public async Task AHealthCheckThatIsTaggedReady_IsWaitedFor_AndNamedMeanwhile()
    {
        var file = Path.GetTempFileName();
        File.Delete(file);
        try
        {
            await using var run = Running.Run([Published.Assembly, "-w", "1", "--", "unhealthy", "http://127.0.0.1:0"], new Dictionary<string, string?> { ["READY_WHEN"] = file });
            await run.ExpectErrorAsync("prefork: worker 1 ", "is not ready yet: it waits for its health checks: cache is Unhealthy (it is cold)");
            await File.WriteAllTextAsync(file, "");
            await run.ExpectErrorAsync("prefork: worker 1 ", " serves");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task AStartThatFails_NamesWhatItWaitedFor()
    {
        await using var run = Running.Run([Published.Assembly, "-w", "1", "--boot-timeout", "2", "--", "unhealthy", "http://127.0.0.1:0"], new Dictionary<string, string?> { ["READY_WHEN"] = "/nowhere/at-all" });
        await run.ExpectErrorAsync("prefork: worker 1 ", "was not ready within 2 s: it waits for its health checks: cache is Unhealthy (it is cold)");
        Assert.Equal(1, await run.WaitForExitAsync());
    }

    /// <summary>Ctrl+C ends it; with a standard input that is at its end, it would not have come so far.</summary>
    [Fact]
    public async Task AProgramThatRunsUntilSomebodyPressesEnter_Runs_OnATerminal()
    {
        await using var run = Terminal.Run($"exec {Published.Command} run {Published.Assembly} -w 1 -- until-enter http://127.0.0.1:0", new Dictionary<string, string?>());
        var port = await run.ExpectAsync(static line => line.Contains("listening on 127.0.0.1:", StringComparison.Ordinal), "the port");
        Assert.Single(await Running.WorkersAsync(int.Parse(port.Trim().Split(':')[^1], System.Globalization.CultureInfo.InvariantCulture), 1));
        await run.TellAsync("\u0003");
        Assert.Equal(0, await run.WaitForExitAsync());
    }
}
