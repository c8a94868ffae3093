namespace Prefork.IntegrationTests;

/// <summary>What went wrong once, or happened at an awkward moment, is neither held against a cluster for ever nor forgotten.</summary>
public class Recovering
{
    [Fact]
    public async Task ACrashLoopWhoseSlotIsScaledAway_IsNoneAnyMore_WhenTheRestHasLasted()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "failures=2", "window=5000", "uptime=3000", "delay=10", "maxdelay=60000");
        for (var worker = 2; !supervisor.Seen.Any(line => line.StartsWith("BreakerChanged generation 1 is a crash loop", StringComparison.Ordinal)); worker++)
        {
            await supervisor.SignalAsync(worker, Native.SigKill);
            await supervisor.ExpectAsync($"WorkerEnded worker {worker} ");
        }

        await supervisor.AskAsync("scale 1", "scaled 1");
        await supervisor.ExpectAsync("BreakerChanged generation 1 is no crash loop any more");
    }

    [Fact]
    public async Task AReloadThatFails_BeforeAnybodyServed_DoesNotEndTheStart()
    {
        using var folder = new TemporaryFolder();
        var passes = Path.Combine(folder.Path, "passes");
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={Programs.WebApp}", "args=--urls=http://127.0.0.1:0", "workers=1", $"gate=c,test,-f,{passes}", "gatetimeout=60000");
        await supervisor.TellAsync("start");
        await supervisor.ExpectAsync("WorkerStarted worker 1 ");
        await supervisor.AskAsync("options gatetimeout=500", "set");
        await supervisor.TellAsync("reload");
        await supervisor.ExpectAsync("WorkerFailed worker 2 ");
        await supervisor.ExpectAsync("WorkerEnded worker 2 ");
        await File.WriteAllTextAsync(passes, "");
        await supervisor.ExpectAsync("started");
        await supervisor.ExpectEverAsync("result False generation=1");
        Assert.Equal([1], (await supervisor.StatusAsync()).Workers.Select(worker => worker.Id));
    }

    [Fact]
    public async Task ATriggerFile_ReplacesThoseToo_ThatWereJustStarting()
    {
        using var folder = new TemporaryFolder();
        var (passes, trigger) = (Path.Combine(folder.Path, "passes"), Path.Combine(folder.Path, "restart.txt"));
        await File.WriteAllTextAsync(passes, "");
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", $"gate=c,test,-f,{passes}", $"trigger={trigger}");
        File.Delete(passes);
        await supervisor.SignalAsync(2, Native.SigKill);
        await supervisor.ExpectAsync("WorkerStarted worker 3 ");
        await File.WriteAllTextAsync(trigger, "");
        await supervisor.ExpectAsync("WorkerRecycles worker 1 ");
        await File.WriteAllTextAsync(passes, "");
        await supervisor.ExpectAsync("WorkerRecycles worker 3 ");
    }

    [Fact]
    public async Task ASlotWhoseWorkerFinished_WhileItsReplacementCame_IsAnOrdinaryOneAgain()
    {
        using var folder = new TemporaryFolder();
        var (passes, trigger) = (Path.Combine(folder.Path, "passes"), Path.Combine(folder.Path, "restart.txt"));
        await File.WriteAllTextAsync(passes, "");
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", $"gate=c,test,-f,{passes}", $"trigger={trigger}", "stopcode=0");
        File.Delete(passes);
        await File.WriteAllTextAsync(trigger, "");
        await supervisor.ExpectAsync("WorkerStarted worker 3 (slot 0,");
        await supervisor.SignalAsync(1, Native.SigTerm);
        await supervisor.ExpectAsync("WorkerEnded worker 1 ");
        await File.WriteAllTextAsync(passes, "");
        await supervisor.ExpectAsync("WorkerServes worker 3 ");
        await supervisor.SignalAsync(3, Native.SigKill);
        await supervisor.ExpectAsync("WorkerServes ", line => line.Contains("(slot 0,", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ARun_DoesNotEndBeforeTheLastEndIsSaid()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "worker.js");

        // Whom it leaves behind, in a session of his own, holds its output a little longer than it is waited for.
        await File.WriteAllTextAsync(script, """
            require('node:child_process').spawn('sleep', ['3'], { detached: true, stdio: ['ignore', 'inherit', 'inherit'] });
            process.stdout.write('last words\n', () => process.exit(6));
            """);
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={script}", "workers=1", "stopcode=6", "output=");
        await supervisor.TellAsync("run");
        await supervisor.ExpectAsync("ran");
        Assert.Contains("output 0 out last words", supervisor.Seen);
        Assert.Contains(supervisor.Seen, line => line.StartsWith("WorkerEnded worker 1 ", StringComparison.Ordinal));
    }

    /// <summary>SIGUSR2 makes it leave by itself; what it does then is what a test says.</summary>
    private const string LeavingWorker = """
        const cluster = require('node:cluster');
        const keep = setInterval(() => { }, 1000);
        process.on('SIGTERM', () => { });
        process.on('SIGUSR2', () => cluster.worker.disconnect());
        process.on('disconnect', () => LATER);
        require('node:http').createServer((_, response) => response.end()).listen(0, '127.0.0.1');
        """;

    [Fact]
    public async Task AWorkerThatLeavesByItself_AndDoesNotEnd_IsEnded_AndReplaced()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "worker.js");
        await File.WriteAllTextAsync(script, LeavingWorker.Replace("LATER", "console.log('disconnected')", StringComparison.Ordinal));
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={script}", "workers=1", "output=", "stop=1500", "kill=500");
        await supervisor.AskAsync("start", "started");
        await supervisor.SignalAsync(1, Native.SigUsr2);
        await supervisor.ExpectAsync("output 0 out disconnected");
        await supervisor.ExpectAsync("WorkerFailed worker 1 ", line => line.Contains("has closed its channel, and did not end within 1.5 s", StringComparison.Ordinal));
        Assert.NotEqual("Healthy", (await supervisor.StatusAsync()).State);
        await supervisor.ExpectAsync("WorkerEnded worker 1 ", line => line.Contains("SIGKILL", StringComparison.Ordinal));
        await supervisor.ExpectAsync("WorkerServes worker 2 (slot 0,");
        await supervisor.UntilAsync(status => status.State == "Healthy");
    }

    [Fact]
    public async Task AWorkerThatLeavesByItself_InOrder_HasItsTime()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "worker.js");
        await File.WriteAllTextAsync(script, LeavingWorker.Replace("LATER", "setTimeout(() => process.exit(7), 3000)", StringComparison.Ordinal));
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={script}", "workers=2", "output=", "stop=20000", "stopcode=7");
        await supervisor.AskAsync("start", "started");
        await supervisor.SignalAsync(2, Native.SigUsr2);
        await supervisor.UntilAsync(status => status.Workers.Any(worker => worker is { Id: 2, Phase: "Draining" }));
        Assert.EndsWith("ended (code 7): left by itself", await supervisor.ExpectAsync("WorkerEnded worker 2 "), StringComparison.Ordinal);
        Assert.DoesNotContain(supervisor.Seen, line => line.StartsWith("WorkerFailed", StringComparison.Ordinal));

        // What its code says counts as ever.
        await supervisor.UntilAsync(status => status is { State: "Healthy", Workers.Count: 1 });
    }

    [Theory]
    [InlineData("process.exit(0)", "exited with code 0")]
    [InlineData("process.disconnect()", "exited with code 0")]
    [InlineData("cluster.worker.disconnect()", "left by itself")]
    [InlineData("cluster.worker.kill()", "left by itself")]
    public async Task AProgramThatEndsInOrder_BeforeItEverServed_IsGivenUp(string how, string reason)
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "worker.js");
        await File.WriteAllTextAsync(script, $"const cluster = require('node:cluster'); {how};");
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={script}", "workers=2", "failures=3", "delay=10", "maxdelay=50");
        await supervisor.TellAsync("run");
        var line = await supervisor.ExpectAsync("run threw SupervisorException: Gives up: 3 workers ended before any served.");
        Assert.EndsWith(reason, line, StringComparison.Ordinal);
    }

    /// <summary>A Node server that, told by SIGUSR2, does what a test says, and stays; SIGTERM ends it, which it says.</summary>
    private const string StayingWorker = """
        const cluster = require('node:cluster');
        const keep = setInterval(() => { }, 1000);
        process.on('SIGTERM', () => { console.log('terminated'); clearInterval(keep); });
        const server = require('node:http').createServer((request, response) => HANDLE);
        server.listen(0, '127.0.0.1', () => console.log(`urls http://127.0.0.1:${server.address().port}`));
        process.on('SIGUSR2', () => { LATER; });
        """;

    private const string Announces = "process.send({ cmd: 'NODE_CLUSTER', act: 'exitedAfterDisconnect', seq: 99 })";

    [Theory]
    [InlineData("server.close()", "has closed its listeners", "signal SIGKILL")]
    [InlineData(Announces, "leaves by itself", "signal SIGKILL")]
    [InlineData("WebApp", "has closed its listeners", "")]
    public async Task AWorkerThatServesNoMore_AndStays_IsNotShownAsServing_AndIsReplaced(string what, string why, string how)
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "worker.js");

        // A timer that a test has not the end of: the channel of this one stays open.
        await File.WriteAllTextAsync(script, StayingWorker.Replace("LATER", what, StringComparison.Ordinal).Replace("clearInterval(keep)", "", StringComparison.Ordinal).Replace("HANDLE", "response.end()", StringComparison.Ordinal));
        await using var supervisor = what == "WebApp"
            ? await TestSupervisor.StartWebAsync("workers=1", "stop=700", "kill=300", "BEHAVE=linger:1")
            : await TestSupervisor.CreateAsync($"exec={script}", "workers=1", "output=", "stop=700", "kill=300");
        if (what != "WebApp")
        {
            await supervisor.AskAsync("start", "started");
            await supervisor.SignalAsync(1, Native.SigUsr2);
        }

        await supervisor.ExpectAsync("Notice worker 1 ", line => line.Contains($"{why}, and nobody told it to", StringComparison.Ordinal));
        var status = await supervisor.StatusAsync();
        Assert.NotEqual("Healthy", status.State);
        Assert.Equal("Draining", status.Workers[0].Phase);
        await supervisor.ExpectAsync("WorkerFailed worker 1 ", line => line.Contains($"{why}, and did not end within 0.7 s", StringComparison.Ordinal));
        await supervisor.ExpectAsync("WorkerEnded worker 1 ", line => line.Contains(how, StringComparison.Ordinal));
        await supervisor.ExpectAsync("WorkerServes worker 2 (slot 0,");
    }

    [Fact]
    public async Task AWorkerThatListensAgain_ServesAgain()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "worker.js");
        await File.WriteAllTextAsync(script, StayingWorker.Replace("LATER", "server.listening ? server.close() : server.listen(0, '127.0.0.1')", StringComparison.Ordinal).Replace("HANDLE", "response.end()", StringComparison.Ordinal));
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={script}", "workers=1", "output=", "stop=60000");
        await supervisor.AskAsync("start", "started");
        await supervisor.SignalAsync(1, Native.SigUsr2);
        await supervisor.ExpectAsync("Notice worker 1 ");
        await supervisor.SignalAsync(1, Native.SigUsr2);
        await supervisor.ExpectAsync("WorkerServes worker 1 ", line => line.EndsWith("serves again", StringComparison.Ordinal));
        var status = await supervisor.StatusAsync();
        Assert.Equal(("Healthy", 0, "Serving"), (status.State, status.Restarts, status.Workers[0].Phase));
    }

    [Fact]
    public async Task ANodeWorkerThatHasDrained_IsTerminatedSoon_AndNotBefore()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "worker.js");

        // It closes its server by itself while it serves a request: Node closes the channel then, though the request is under way.
        await File.WriteAllTextAsync(script, StayingWorker.Replace("HANDLE", "{ server.close(); console.log('request'); setTimeout(() => response.end(`${terminated}`), 2500); }", StringComparison.Ordinal)
            .Replace("const keep", "let terminated = false; process.on('SIGTERM', () => terminated = true); const keep", StringComparison.Ordinal));
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={script}", "workers=1", "output=", "stop=60000");
        await supervisor.AskAsync("start", "started");
        using var client = new HttpClient { Timeout = TestProgram.Patience };
        var answer = client.GetStringAsync(new Uri((await supervisor.ExpectEverAsync("output 0 out urls ")).Split(' ')[^1]));
        await supervisor.ExpectAsync("output 0 out request");
        await supervisor.TellAsync("stop");
        Assert.Equal("false", await answer);
        await supervisor.ExpectAsync("output 0 out terminated");
        await supervisor.ExpectAsync("WorkerEnded worker 1 ", line => line.Contains("(code 0)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AProcessThatIsNoPrimary_IsToldSo()
    {
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={Programs.SupervisorApp}", "args=run", "output=", "workers=1");
        await supervisor.TellAsync("start");
        await supervisor.ExpectAsync("output 0 out run threw InvalidOperationException: ");
    }
}
