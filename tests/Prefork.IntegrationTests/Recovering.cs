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

    [Fact]
    public async Task AProcessThatIsNoPrimary_IsToldSo()
    {
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={Programs.SupervisorApp}", "args=run", "output=", "workers=1");
        await supervisor.TellAsync("start");
        await supervisor.ExpectAsync("output 0 out run threw InvalidOperationException: ");
    }
}
