namespace Prefork.Tool.Tests;

/// <summary>The options of the supervisor do what they say.</summary>
public class Recycling
{
    [Fact]
    public async Task ACronExpression_ReplacesWorkers()
    {
        await using var run = Running.Run([Published.Assembly, "-w", "1", "--recycle-at", "0 0 1 1 *", "--recycle-at", "* * * * * *", "--", "slim", "http://127.0.0.1:0"]);
        await run.ExpectErrorAsync("prefork: worker 1 ", "is to be replaced: scheduled for ");
        await run.ExpectErrorAsync("prefork: worker 2 ", "serves");
    }

    [Fact]
    public async Task AFileThatIsWritten_ReplacesWorkers()
    {
        var folder = Directory.CreateTempSubdirectory("prefork-test-");
        var file = Path.Combine(folder.FullName, "restart.txt");
        await using (var run = Running.Run([Published.Assembly, "-w", "1", "--recycle-file", file, "--", "slim", "http://127.0.0.1:0"]))
        {
            await run.ExpectErrorAsync("prefork: worker 1 ", "serves");
            await File.WriteAllTextAsync(file, "");
            await run.ExpectErrorAsync("prefork: worker 1 ", $"is to be replaced: {file} was written");
            await run.ExpectErrorAsync("prefork: worker 2 ", "serves");
        }

        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("rss")]
    [InlineData("pss")]
    public async Task AWorkerWithTooMuchMemory_IsReplaced(string measure)
    {
        await using var run = Running.Run([Published.Assembly, "-w", "1", "--max-memory", "1M", "--memory", measure, "--", "slim", "http://127.0.0.1:0"]);
        await run.ExpectErrorAsync("prefork: worker 1 ", "is to be replaced: memory: ");
    }

    [Fact]
    public async Task AWorkerThatHasServedEnough_IsReplaced()
    {
        await using var run = Running.Run([Published.Assembly, "-w", "1", "--max-requests", "3", "--", "slim", "http://127.0.0.1:0"]);
        await Running.AskAsync(await Running.PortAsync(run), "/", 6);
        await run.ExpectErrorAsync("prefork: worker 1 ", "is to be replaced: requests: ");
        await run.ExpectErrorAsync("prefork: worker 2 ", "serves");
    }

    [Fact]
    public async Task AWorkerThatIsOldEnough_IsReplaced()
    {
        await using var run = Running.Run([Published.Assembly, "-w", "1", "--max-age", "1s", "--", "slim", "http://127.0.0.1:0"]);
        await run.ExpectErrorAsync("prefork: worker 1 ", "is to be replaced: age: ");
        await run.ExpectErrorAsync("prefork: worker 2 ", "serves");
    }

    [Fact]
    public async Task AWorkerThatHangs_IsDumpedByTheCommand_AndReplaced()
    {
        await using var run = Running.Run([Published.WebApp, "-w", "1", "--hang-timeout", "4s", "--on-hang", "kill -0 $PREFORK_WORKER_PID && echo it is $PREFORK_WORKER_ID", "--", "--urls=http://127.0.0.1:0"]);
        await Running.AskAsync(await Running.PortAsync(run), "/behave?how=hang", 1);
        await run.ExpectErrorAsync("prefork: worker 1 ", "hangs: it has not answered for 4 s");
        await run.ExpectErrorAsync("prefork: on hang: it is 1");
        await run.ExpectErrorAsync("prefork: worker 2 ", "serves");
    }

    [Fact]
    public async Task AnOnHangCommandThatTakesTooLong_IsEnded_AndTheWorkerReplaced()
    {
        await using var run = Running.Run([Published.WebApp, "-w", "1", "--hang-timeout", "4s", "--on-hang", "sleep 1000", "--on-hang-timeout", "1s", "--", "--urls=http://127.0.0.1:0"]);
        await Running.AskAsync(await Running.PortAsync(run), "/behave?how=hang", 1);
        await run.ExpectErrorAsync("prefork: worker 1 ", "could not be dumped: ");
        await run.ExpectErrorAsync("prefork: worker 2 ", "serves");
    }

    [Fact]
    public async Task AStopExitCode_EndsTheRun()
    {
        await using var run = Running.Run([Published.WebApp, "-w", "2", "--stop-exit-codes", "41,42", "-e", "BEHAVE=finish"]);
        await run.ExpectErrorAsync("prefork: all workers have ended with a code that means not to start them again");
        Assert.Equal(0, await run.WaitForExitAsync());
    }
}
