using System.Diagnostics;

namespace Prefork.IntegrationTests;

/// <summary>There are as many workers as there should be, whatever becomes of them.</summary>
public class Supervising
{
    [Fact]
    public async Task AStopBeforeTheStart_IsNoFailure_AndNothingStarts()
    {
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={Programs.WebApp}");
        await supervisor.AskAsync("stop", "stopped");
        await supervisor.AskAsync("run", "ran");
        Assert.DoesNotContain(supervisor.Seen, line => line.StartsWith("WorkerStarted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task EachWorker_HasASlot_WhichItsReplacementKeeps()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=3");
        var status = await supervisor.StatusAsync();
        Assert.Equal("Healthy", status.State);
        Assert.Equal([0, 1, 2], status.Workers.Select(worker => worker.Slot));
        Kill(status.Workers[1].Pid);
        status = await supervisor.UntilAsync(status => status.Restarts == 1 && status.State == "Healthy");
        Assert.Equal([(1, 0), (4, 1), (3, 2)], status.Workers.Select(worker => (worker.Id, worker.Slot)));
        var slots = new HashSet<int>();
        await Scheduling.EventuallyAsync(async () => slots.Add((await supervisor.WhoAsync()).Slot) && slots.Count == 3);
    }

    [Fact]
    public async Task ACrashLoop_IsBackedOff_AndTheRestServes()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "delay=10", "maxdelay=60000");
        await supervisor.AskAsync("launch BEHAVE=", "set");
        for (var i = 0; i < 5; i++)
        {
            var worker = (await supervisor.UntilAsync(status => status.Workers.Count == 2 && status.Workers.All(worker => worker.Phase == "Serving"))).Workers[1];
            Assert.Equal(1, worker.Slot);
            Kill(worker.Pid);
            await supervisor.ExpectAsync("WorkerEnded");
        }

        await supervisor.ExpectEverAsync("BreakerChanged generation 1 is a crash loop: 5 failures within 60 s");
        var status = await supervisor.StatusAsync();
        Assert.Equal("Degraded", status.State);
        Assert.Equal([0], status.Workers.Select(worker => worker.Slot));
        Assert.Equal(0, (await supervisor.WhoAsync()).Slot);
    }

    [Fact]
    public async Task ACrashLoop_EndsWithAWorkerThatLasts()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "delay=10", "maxdelay=100", "uptime=2000");
        for (var i = 0; i < 5; i++)
        {
            Kill((await supervisor.UntilAsync(status => status.Workers.Count == 2)).Workers[1].Pid);
            await supervisor.ExpectAsync("WorkerEnded");
        }

        await supervisor.ExpectEverAsync("BreakerChanged generation 1 is a crash loop");
        await supervisor.ExpectAsync("BreakerChanged generation 1 is no crash loop any more");
        await supervisor.UntilAsync(status => status is { State: "Healthy", Workers.Count: 2 });
    }

    [Fact]
    public async Task AProgramThatNeverServes_IsGivenUp_WithItsLastWords()
    {
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={Programs.WebApp}", "args=--urls=http://127.0.0.1:0", "BEHAVE=exit", "output=", "workers=2", "delay=10", "maxdelay=100");
        await supervisor.TellAsync("run");
        var line = await supervisor.ExpectAsync("run threw SupervisorException");
        Assert.Contains("Gives up: 5 workers ended before any served", line, StringComparison.Ordinal);
        Assert.Contains("exited with code 3", line, StringComparison.Ordinal);
        Assert.Contains(supervisor.Seen, seen => seen.EndsWith("| the database has no table 'orders'", StringComparison.Ordinal));
        Assert.Empty((await supervisor.StatusAsync()).Workers);
    }

    [Fact]
    public async Task AProgramThatThrows_IsGivenUp_WithWhatItThrew()
    {
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={Programs.WebApp}", "BEHAVE=throw", "output=", "workers=1", "delay=10", "maxdelay=50");
        await supervisor.TellAsync("run");
        Assert.Contains("the database has no table 'orders'", await supervisor.ExpectAsync("run threw SupervisorException"), StringComparison.Ordinal);
        Assert.Contains(supervisor.Seen, line => line == "BreakerChanged generation 1 is a crash loop: 5 failures within 60 s");
    }

    [Fact]
    public async Task AProgramThatIsMissing_IsGivenUp()
    {
        await using var supervisor = await TestSupervisor.CreateAsync("exec=/no/such/program", "workers=1", "delay=10", "maxdelay=100");
        await supervisor.TellAsync("run");
        Assert.Contains("/no/such/program", await supervisor.ExpectAsync("run threw SupervisorException"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnExitCodeThatSaysSo_IsNotRestarted_AndTheLastOneEndsTheRun()
    {
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={Programs.WebApp}", "BEHAVE=finish", "workers=2", "stopcode=42");
        await supervisor.TellAsync("run");
        await supervisor.ExpectAsync("ran");
        Assert.Equal(2, supervisor.Seen.Count(line => line.StartsWith("WorkerStarted", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task AWorkerThatIsNotReadyInTime_HasFailed()
    {
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={Programs.WebApp}", "BEHAVE=stuck", "output=", "workers=1", "boot=1500", "delay=10", "maxdelay=50");
        await supervisor.TellAsync("run");
        await supervisor.ExpectAsync("WorkerFailed worker 1 ", line => line.Contains("was not ready within 1.5 s", StringComparison.Ordinal));
        Assert.EndsWith("| waiting for something that never comes", await supervisor.ExpectAsync("WorkerEnded worker 1 "), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("http://example.com/health")]
    [InlineData("t")]
    [InlineData("c,true")]
    public async Task AGateThatIsPassed_LetsWorkersServe(string gate)
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", $"gate={gate}");
        Assert.Equal("Healthy", (await supervisor.StatusAsync()).State);
    }

    [Theory]
    [InlineData("/health", "was answered with 503")]
    [InlineData("http://localhost:1/health", "does not listen on")]
    [InlineData("c,false", "The command false ended with code 1")]
    [InlineData("c,/no/such/command", "cannot be started")]
    [InlineData("f", "callback says no to worker 1")]
    [InlineData("never", "did not pass its health gate within 5 s: it was not answered")]
    public async Task AGateThatIsNotPassed_SaysWhy(string gate, string why)
    {
        await using var supervisor = await TestSupervisor.CreateAsync(
            $"exec={Programs.WebApp}", "args=--urls=http://127.0.0.1:0", "BEHAVE=sick", "workers=1", $"gate={gate}", "gatetimeout=5000", "delay=10", "maxdelay=50");
        await supervisor.TellAsync("run");
        Assert.Contains(why, await supervisor.ExpectAsync("WorkerFailed worker 1 "), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AGateThatConnects_IsRefused_WhereWorkersAcceptByThemselves()
    {
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={Programs.WebApp}", "workers=1", "policy=none", "gate=/health");
        await supervisor.TellAsync("run");
        Assert.Contains("a health gate cannot connect", await supervisor.ExpectAsync("run threw ArgumentException"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWorkerThatHangs_IsDumped_ThenReplaced()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "heartbeat=200", "hang=4000");
        var hung = await supervisor.WhoAsync();
        await supervisor.HangAsync(hung.Id);
        await supervisor.ExpectAsync($"WorkerFailed worker {hung.Id} ", line => line.Contains("hangs: it has not answered for 4 s", StringComparison.Ordinal));
        await supervisor.ExpectEverAsync($"dumped {hung.Id}");
        await supervisor.ExpectAsync($"WorkerEnded worker {hung.Id} ");
        await supervisor.UntilAsync(status => status is { State: "Healthy", Workers.Count: 2 });
    }

    [Fact]
    public async Task APrimaryThatWasStopped_KillsNobody()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "heartbeat=100", "hang=4000");
        Send(supervisor.Id, "STOP");
        await Task.Delay(5000, TestContext.Current.CancellationToken); // longer than a hang: the pause itself is what is tested
        Send(supervisor.Id, "CONT");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(0, (await supervisor.StatusAsync()).Restarts);
            await supervisor.WhoAsync();
        }
    }

    [Fact]
    public async Task Scaling_UpAndDown_IsLive()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1");
        await supervisor.AskAsync("scale 3", "scaled 3");
        Assert.Equal([0, 1, 2], (await supervisor.StatusAsync()).Workers.Select(worker => worker.Slot));
        await supervisor.AskAsync("scale 1", "scaled 1");
        Assert.Equal([0], (await supervisor.UntilAsync(status => status.Workers.Count == 1)).Workers.Select(worker => worker.Slot));
        Assert.Contains("ArgumentOutOfRange", await supervisor.AskAsync("scale 0", "scale threw"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("age=1500", " s (limit 1.5 s)")]
    [InlineData("requests=5", "requests: ")]
    [InlineData("every=1500", "scheduled for ")]
    public async Task AWorkerThatIsDue_IsReplaced_ByTheRule(string rule, string reason)
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", rule);
        for (var i = 0; i < 6; i++)
        {
            await supervisor.WhoAsync();
        }

        Assert.Contains(reason, await supervisor.ExpectAsync("WorkerRecycles worker 1 "), StringComparison.Ordinal);
        await supervisor.ExpectAsync("WorkerServes worker 2 ");
        Assert.Contains(reason, await supervisor.ExpectAsync("WorkerEnded worker 1 "), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWorkerWithTooMuchMemory_IsReplaced()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "memory=250");
        await supervisor.GetAsync("/behave?how=hoard");
        Assert.Contains("(limit 250 MiB)", await supervisor.ExpectAsync("WorkerRecycles worker 1 "), StringComparison.Ordinal);
        await supervisor.ExpectAsync("WorkerEnded worker 1 ");
        Assert.Equal(2, (await supervisor.WhoAsync()).Id);
    }

    [Fact]
    public async Task ATriggerFile_ReplacesAll_AndAsManyServeThroughout()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "restart.txt");
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", $"trigger={file}");
        await using var load = await supervisor.LoadAsync();
        await File.WriteAllTextAsync(file, "");
        await supervisor.UntilAsync(status => status.Workers.Select(worker => worker.Id).SequenceEqual([3, 4]));
        await Reloading.ServedAllAsync(load);

        // A new one serves before an old one leaves.
        var serving = 0;
        foreach (var line in supervisor.Seen)
        {
            serving += line.StartsWith("WorkerServes", StringComparison.Ordinal) ? 1 : line.StartsWith("WorkerDrains", StringComparison.Ordinal) ? -1 : 0;
            Assert.True(serving >= 2 || !line.StartsWith("WorkerDrains", StringComparison.Ordinal), line);
        }
    }

    [Fact]
    public async Task Stop_EndsTheWholeTreeOfAWorker_AndWaitsNoLongerThanItLives()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "kill=60000");
        var child = await ChildAsync(supervisor);
        await supervisor.AskAsync("stop", "stopped");
        Assert.True(HasEnded(child));
    }

    [Fact]
    public async Task AWorkerThatCrashes_LeavesNoChildrenBehind()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1");
        var child = await ChildAsync(supervisor);
        Kill((await supervisor.StatusAsync()).Workers[0].Pid);
        await supervisor.ExpectAsync("Notice worker 1 ", line => line.Contains("left 1 process behind", StringComparison.Ordinal));
        await Scheduling.EventuallyAsync(() => Task.FromResult(HasEnded(child)));
    }

    [Fact]
    public async Task AWorkerThatIsKilled_LeavesNothingOfItsRuntime_AndNothingElseIsTouched()
    {
        using var folder = new TemporaryFolder();
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", $"TMPDIR={folder.Path}");
        var pid = (await supervisor.StatusAsync()).Workers[0].Pid;
        string[] Files() => [.. Directory.GetFiles(folder.Path).Select(Path.GetFileName).Where(static name => name!.StartsWith("clr-debug-pipe-", StringComparison.Ordinal) || name.StartsWith("dotnet-diagnostic-", StringComparison.Ordinal)).Order()!];
        var own = Files();
        Assert.Equal(3, own.Length);
        Assert.All(own, name => Assert.Contains($"-{pid}-", name, StringComparison.Ordinal));

        // Another start of the same pid; a file that is none of the runtime's; and, under the right name, a link.
        var diagnostics = own.Single(static name => name.EndsWith("-socket", StringComparison.Ordinal));
        var (stranger, link, target) = (Path.Combine(folder.Path, $"clr-debug-pipe-{pid}-1-in"), Path.Combine(folder.Path, diagnostics), Path.Combine(folder.Path, "target"));
        await File.WriteAllTextAsync(stranger, "");
        await File.WriteAllTextAsync(target, "");
        File.Move(link, Path.Combine(folder.Path, "moved"));
        File.CreateSymbolicLink(link, target);
        Kill(pid);
        await supervisor.UntilAsync(status => status is { State: "Healthy", Restarts: 1 });
        await Scheduling.EventuallyAsync(() => Task.FromResult(!Files().Any(name => name != diagnostics && own.Contains(name))));
        Assert.True(File.Exists(stranger));
        Assert.Equal(target, new FileInfo(link).LinkTarget);
        Assert.True(File.Exists(target));
    }

    [Fact]
    public async Task WhatAWorkerWrites_AndThenEnds_IsRead_AlsoByAPrimaryThatIsBusy()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "server.js");
        await File.WriteAllTextAsync(script, """
            process.on('SIGUSR2', () => {
              for (let i = 0; i < 3000; i++) console.log(`line ${i} ${'x'.repeat(80)}`);
              process.exit(3);
            });
            require('node:http').createServer((_, response) => response.end()).listen(0, '127.0.0.1');
            """);
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={script}", "workers=1", "output=");
        await supervisor.AskAsync("start", "started");
        var pid = (await supervisor.StatusAsync()).Workers[0].Pid;
        Send(supervisor.Id, "STOP");
        Native.Kill(pid, Native.SigUsr2);
        await Scheduling.EventuallyAsync(() => Task.FromResult(HasEnded(pid)));
        Send(supervisor.Id, "CONT");
        await supervisor.ExpectAsync("WorkerEnded worker 1 ");
        Assert.Equal(Enumerable.Range(0, 3000), supervisor.Seen.Where(static line => line.StartsWith("output 0 out line ", StringComparison.Ordinal)).Select(static line => int.Parse(line.Split(' ')[4], System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task ANumberThatIsNotKnown_IsNotZero()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "server.js");
        await File.WriteAllTextAsync(script, "require('node:http').createServer((_, response) => response.end()).listen(0, '127.0.0.1');");
        await using var node = await TestSupervisor.CreateAsync($"exec={script}", "workers=1");
        await node.AskAsync("start", "started");
        Assert.Equal("counts unknown/unknown", await node.AskAsync("counts", "counts "));
        await using var web = await TestSupervisor.StartWebAsync("workers=1");
        Assert.StartsWith("counts 0/", await web.AskAsync("counts", "counts "), StringComparison.Ordinal);
        await web.GetAsync("/who");
        Assert.StartsWith("counts 1/", await web.AskAsync("counts", "counts "), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWorkerThatHangs_IsKilledWithItsChildren()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "heartbeat=200", "hang=4000");
        var child = await ChildAsync(supervisor);
        await supervisor.HangAsync(1);
        await supervisor.ExpectAsync("WorkerEnded worker 1 ");
        await Scheduling.EventuallyAsync(() => Task.FromResult(HasEnded(child)));
        await supervisor.UntilAsync(status => status is { State: "Healthy", Workers.Count: 1 });
    }

    [Fact]
    public async Task AnInterruptOfTheTerminal_ReachesThePrimaryAlone()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "server.js");
        await File.WriteAllTextAsync(script, """
            require('node:http').createServer((q, s) => {
              console.log('request');
              setTimeout(() => s.end('served'), 1500);
            }).listen(0, '127.0.0.1', function () { console.log(`urls http://127.0.0.1:${this.address().port}`); });
            """);
        await using var supervisor = await TestSupervisor.CreateAsForegroundAsync($"exec={script}", "workers=1", "signals=", "output=");
        await supervisor.TellAsync("run");
        var address = new Uri((await supervisor.ExpectAsync("output 0 out urls ")).Split(' ')[^1]);
        await supervisor.ExpectEverAsync("WorkerServes worker 1 ");
        using var client = new HttpClient { Timeout = TestProgram.Patience };
        var answer = client.GetStringAsync(address);
        await supervisor.ExpectAsync("output 0 out request");

        // What a terminal does at Ctrl+C: to the whole group in the foreground.
        Native.Kill(-supervisor.Id, Native.SigInt);
        Assert.Equal("served", await answer);
        await supervisor.ExpectAsync("ran");
    }

    [Fact]
    public async Task ACrashLoopWithNobodyLeft_IsTriedAsTheBackOffSays()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "delay=10", "maxdelay=60000");
        for (var crashes = 0; !supervisor.Seen.Any(line => line.StartsWith("BreakerChanged generation 1 is a crash loop", StringComparison.Ordinal)); crashes++)
        {
            Assert.True(crashes < 20);
            foreach (var worker in (await supervisor.UntilAsync(status => status.Workers.Any(worker => worker.Phase == "Serving"))).Workers)
            {
                Kill(worker.Pid);
                await supervisor.ExpectAsync($"WorkerEnded worker {worker.Id} ");
            }
        }

        // Nobody serves: long before the longest delay, one does again. And only one at a time.
        await supervisor.UntilAsync(status => status is { State: "Degraded", Workers: [{ Phase: "Serving" }] });
    }

    [Fact]
    public async Task APrimaryThatWasStopped_KillsNobodyThatStarts()
    {
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={Programs.WebApp}", "args=--urls=http://127.0.0.1:0", "workers=1", "boot=8000", "gate=/health");
        await supervisor.TellAsync("start");
        await supervisor.ExpectAsync("WorkerStarted worker 1 ");
        Send(supervisor.Id, "STOP");
        await Task.Delay(9000, TestContext.Current.CancellationToken); // longer than a start may take: the pause itself is what is tested
        Send(supervisor.Id, "CONT");
        await supervisor.ExpectAsync("started");
        Assert.Equal([1], (await supervisor.StatusAsync()).Workers.Select(worker => worker.Id));
    }

    [Fact]
    public async Task AStop_StartsNobodyMore_WhateverWaits()
    {
        using var folder = new TemporaryFolder();
        var trigger = Path.Combine(folder.Path, "restart.txt");
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", $"trigger={trigger}", "stop=1000");
        await supervisor.AskAsync("launch BEHAVE=stuck", "set");
        await File.WriteAllTextAsync(trigger, "");
        await supervisor.ExpectAsync("WorkerRecycles worker 1 ");
        await supervisor.TellAsync("reload");
        await supervisor.ExpectAsync("OperationBegan reload");
        await supervisor.TellAsync("stop");
        await supervisor.ExpectAsync("stopped");
        await supervisor.ExpectEverAsync("result False generation=1 reload failed: the supervisor stops. All workers leave.");
        Assert.DoesNotContain(supervisor.Seen, line => line.StartsWith("WorkerStarted", StringComparison.Ordinal) && line.Contains("generation 2", StringComparison.Ordinal));
        Assert.DoesNotContain(supervisor.Seen, line => line.Contains("serves on", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OutputThatCannotBeTaken_IsSaid_AndReadAllTheSame()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "server.js");
        await File.WriteAllTextAsync(script, """
            require('node:http').createServer((q, s) => {
              // More than a pipe holds: it is not written before it is read.
              process.stdout.write(('refused '.repeat(10) + '\n').repeat(5000), () => s.end('served'));
            }).listen(0, '127.0.0.1', function () { console.log(`urls http://127.0.0.1:${this.address().port}`); });
            """);
        await using var supervisor = await TestSupervisor.StartWebAsync($"exec={script}", "args=", "workers=1", "refuseoutput=refused");
        Assert.Equal("served", await supervisor.GetAsync("/"));
        await supervisor.ExpectAsync("Notice worker 1 ", line => line.Contains("the disk is full", StringComparison.Ordinal));
        Assert.Equal("served", await supervisor.GetAsync("/"));
        Assert.Single(supervisor.Seen, line => line.Contains("the disk is full", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AWorkerThatDoesNotLeave_IsKilledAtItsDeadlines()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "stop=300", "kill=300");
        var pid = (await supervisor.StatusAsync()).Workers[0].Pid;
        Send(pid, "STOP");
        await supervisor.AskAsync("stop", "stopped");
        Assert.Contains("SIGKILL", supervisor.Seen.Single(line => line.StartsWith("WorkerEnded", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASecondSignal_HastensTheStop()
    {
        await using var supervisor = await TestSupervisor.CreateAsync($"exec={Programs.WebApp}", "args=--urls=http://127.0.0.1:0", "workers=1", "signals=", "stop=60000", "kill=60000");
        await supervisor.TellAsync("run");
        await supervisor.ExpectAsync("WorkerServes");
        Send((await supervisor.StatusAsync()).Workers[0].Pid, "STOP");
        Send(supervisor.Id, "INT");
        await supervisor.ExpectAsync("WorkerDrains");
        Send(supervisor.Id, "INT");
        await supervisor.ExpectAsync("Notice the stop is hastened: SIGTERM");
        Send(supervisor.Id, "INT");
        await supervisor.ExpectAsync("WorkerEnded", line => line.Contains("SIGKILL", StringComparison.Ordinal));
        await supervisor.ExpectAsync("ran");
    }

    [Fact]
    public async Task NodeWorkers_AreSupervisedLikeOurs()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "server.js");
        await File.WriteAllTextAsync(script, """
            const cluster = require('node:cluster');
            require('node:http').createServer((q, s) => {
              if (q.url === '/hang') { s.end('hangs', () => { for (;;); }); return; }
              s.setHeader('connection', 'close');
              s.end(`${cluster.worker.id} ${process.env.NODE_APP_INSTANCE} 0 -`);
            }).listen(0, '127.0.0.1', function () { console.log(`urls http://127.0.0.1:${this.address().port}`); });
            """);
        await using var supervisor = await TestSupervisor.StartWebAsync($"exec={script}", "args=", "workers=2", "gate=/", "heartbeat=200", "hang=4000");
        var slots = new HashSet<int>();
        await Scheduling.EventuallyAsync(async () => slots.Add((await supervisor.WhoAsync()).Slot) && slots.Count == 2);
        await supervisor.GetAsync("/hang");
        await supervisor.ExpectAsync("dumped ");
        await supervisor.UntilAsync(status => status is { State: "Healthy", Restarts: 1 });
        await supervisor.AskAsync("reload watch=0", "result True generation=2");
        await supervisor.AskAsync("stop", "stopped");
    }

    [Fact]
    public async Task AGenericHost_HasASupervisor_AndStopsWithIt()
    {
        await using var host = new TestProgram(Programs.WebApp, ["--supervise=2", "--urls=http://127.0.0.1:0"]);
        var address = new Uri((await host.ExpectEverAsync("urls http://127.0.0.1:")).Split(' ')[^1]);
        await host.ExpectEverAsync("urls ");
        using var client = new HttpClient { Timeout = TestProgram.Patience };
        client.DefaultRequestHeaders.ConnectionClose = true;
        var served = new HashSet<string>();
        await Scheduling.EventuallyAsync(async () => served.Add((await client.GetStringAsync(new Uri(address, "/who"))).Split(' ')[1]) && served.Count == 2);
        Assert.Equal(["0", "1"], served.Order());
        host.Signal(Native.SigTerm);
        Assert.Equal(0, await host.WaitForExitAsync());
    }

    [Fact]
    public async Task AGenericHost_WhoseWorkersNeverServe_Stops()
    {
        await using var host = new TestProgram(Programs.WebApp, ["--supervise=1"], new Dictionary<string, string?> { ["BEHAVE"] = "exit" });
        Assert.Equal(1, await host.WaitForExitAsync());
    }

    /// <summary>Of a worker, which has started it.</summary>
    private static async Task<int> ChildAsync(TestSupervisor supervisor)
    {
        var child = int.Parse(await supervisor.GetAsync("/behave?how=child"), System.Globalization.CultureInfo.InvariantCulture);
        Assert.False(HasEnded(child));
        return child;
    }

    /// <summary>Gone, or a zombie of whoever inherits orphans here.</summary>
    private static bool HasEnded(int pid)
        => !Directory.Exists($"/proc/{pid}") || File.ReadAllLines($"/proc/{pid}/status").Contains("State:\tZ (zombie)");

    private static void Kill(int pid) => Send(pid, "KILL");

    private static void Send(int pid, string signal)
    {
        // 0 is the group of this very process.
        Assert.True(pid > 0);
        using var kill = Process.Start("kill", [$"-{signal}", $"{pid}"]);
        kill.WaitForExit();
    }
}
