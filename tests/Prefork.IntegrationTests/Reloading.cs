using System.Diagnostics;
using System.Text.Json;

namespace Prefork.IntegrationTests;

/// <summary>A reload is a transaction: all new workers serve, or the old ones do as before, and no request fails either way.</summary>
public class Reloading
{
    [Theory]
    [InlineData("Rolling")]
    [InlineData("AllAtOnce")]
    [InlineData("WithinCount")]
    public async Task AReload_ReplacesAll_AndLeavesNothingOfTheOld(string mode)
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "watch=100");
        await supervisor.AskAsync($"reload mode={mode}", "result True generation=2 reload to generation 2 succeeded: 2 workers serve");
        Assert.Equal(2, (await supervisor.WhoAsync()).Generation);
        var status = await supervisor.UntilAsync(status => status.Workers.Count == 2);
        Assert.Equal([(3, 0, 2), (4, 1, 2)], status.Workers.Select(worker => (worker.Id, worker.Slot, worker.Generation)));
        Assert.Equal(0, status.Restarts);
    }

    [Theory]
    [InlineData("exit", "exited with code 3 | the database has no table 'orders'")]
    [InlineData("stuck", "was not ready within 10 s: it is online, but does not listen | waiting for something that never comes")]
    [InlineData("sick", "did not pass its health gate within 10 s: GET http://localhost/health was answered with 503 Service Unavailable")]
    [InlineData("stop:2000", "left by itself")]
    public async Task ABadVersion_IsRemoved_AndTheOldOneServesOn(string behaviour, string why)
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "gate=/health", "watch=4000");
        await using var load = await supervisor.LoadAsync();
        await supervisor.AskAsync($"launch BEHAVE={behaviour}", "set");

        // Short for the bad one, and only where that is what fails it: on a loaded machine a start takes long.
        await supervisor.AskAsync(behaviour switch { "stuck" => "options boot=10000", "sick" => "options gatetimeout=10000", _ => "options boot=60000" }, "set");
        var result = await supervisor.AskAsync("reload", "result ", TimeSpan.FromSeconds(90));
        Assert.StartsWith("result False generation=1 reload to generation 2 failed: ", result, StringComparison.Ordinal);
        Assert.Contains("Generation 1 serves on.", result, StringComparison.Ordinal);
        foreach (var part in why.Split(" | "))
        {
            Assert.True(result.Contains(part, StringComparison.Ordinal), result);
        }

        Assert.Equal(1, (await supervisor.WhoAsync()).Generation);
        var status = await supervisor.UntilAsync(status => status.Workers.Count == 2);
        Assert.Equal([1, 2], status.Workers.Select(worker => worker.Id));
        await ServedAllAsync(load);

        // And the next good one comes through.
        await supervisor.AskAsync("launch BEHAVE=", "set");
        await supervisor.AskAsync("reload watch=0", "result True generation=3");
    }

    [Fact]
    public async Task AVersionThatLeavesAndDoesNotEnd_WhileItIsWatched_IsRemoved()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "watch=4000", "stop=1000");
        await using var load = await supervisor.LoadAsync();
        await supervisor.AskAsync("launch BEHAVE=linger:1000", "set");
        var result = await supervisor.AskAsync("reload", "result False generation=1");
        Assert.Contains("has closed its listeners", result, StringComparison.Ordinal);
        Assert.Equal([1, 2], (await supervisor.UntilAsync(status => status.Workers.Count == 2)).Workers.Select(worker => worker.Id));
        await ServedAllAsync(load);
    }

    [Fact]
    public async Task AVersionThatCrashesLater_IsRemoved_AtTheCostOfWhatItHeld()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "watch=4000");
        await using var old = await ReloadClients.StartAsync(supervisor.Address, 4, keepAlive: true);
        await using var others = await ReloadClients.StartAsync(supervisor.Address, 4, keepAlive: false);
        await supervisor.AskAsync("launch BEHAVE=crash:2000", "set");
        var result = await supervisor.AskAsync("reload", "result False generation=1");
        Assert.Contains("killed by SIGKILL", result, StringComparison.Ordinal);
        Assert.EndsWith("| a crash that comes later", result, StringComparison.Ordinal);
        await supervisor.UntilAsync(status => status.Workers.Select(worker => worker.Id).SequenceEqual([1, 2]));

        // At most the one request, on the one connection, that each client may have had with each worker that crashed.
        var crashed = supervisor.Seen.Count(line => line.StartsWith("WorkerEnded", StringComparison.Ordinal) && line.Contains("SIGKILL", StringComparison.Ordinal));
        var failures = others.Failures;
        Assert.All(failures, count => Assert.InRange(count, 0, crashed));

        // Nothing after that, and never anything on a connection to an old worker.
        await others.ServeAsync(20);
        Assert.Equal(failures, others.Failures);
        Assert.All(old.Failures, count => Assert.Equal(0, count));
        Assert.Equal([1], old.Generations);
        Assert.Contains(2, others.Generations);
    }

    [Fact]
    public async Task ABadVersion_WithinTheCount_IsReplacedByTheOldOneAgain()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "watch=100");
        await supervisor.AskAsync("launch BEHAVE=exit", "set");
        var result = await supervisor.AskAsync("reload mode=WithinCount", "result False generation=1", TimeSpan.FromSeconds(60));
        Assert.Contains("Generation 1 serves on.", result, StringComparison.Ordinal);

        // So it does, and not only soon.
        var status = await supervisor.StatusAsync();
        Assert.Equal("Healthy", status.State);
        Assert.All(status.Workers, worker => Assert.Equal(1, worker.Generation));
    }

    [Fact]
    public async Task AnUndo_WithinTheCount_ThatDoesNotBringTheOldOnesBack_SaysSo()
    {
        using var folder = new TemporaryFolder();
        var behaviour = Path.Combine(folder.Path, "behaviour");
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=100", "delay=10", "maxdelay=50", $"BEHAVE_WHEN={behaviour}");
        await File.WriteAllTextAsync(behaviour, "exit");
        var result = await supervisor.AskAsync("reload mode=WithinCount", "result False generation=1", TimeSpan.FromSeconds(60));
        Assert.Contains("Generation 1 is to serve on, but 0 of its 1 workers do.", result, StringComparison.Ordinal);
        File.Delete(behaviour);
        await supervisor.UntilAsync(status => status.Workers is [{ Phase: "Serving" }]);
    }

    [Fact]
    public async Task TheEnding_OfAWorkerWhoseGenerationFailed_NamesTheOneThatDid()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "watch=60000");
        await supervisor.TellAsync("reload");
        await supervisor.ExpectAsync("WorkerServes worker 4 ");
        Kill((await supervisor.StatusAsync()).Workers.Single(worker => worker.Id == 4).Pid);
        var ended = await supervisor.ExpectAsync("WorkerEnded worker 3 ");
        Assert.Contains("its generation failed: worker 4 (slot 1, generation 2", ended, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALaunchThatThrows_FailsTheReload()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1");
        await supervisor.AskAsync("launch refuse=no-such-configuration", "set");
        Assert.Contains("no-such-configuration", await supervisor.AskAsync("reload", "result False generation=1"), StringComparison.Ordinal);
        await supervisor.AskAsync("launch refuse= exec=/no/such/program", "set");
        Assert.Contains("/no/such/program", await supervisor.AskAsync("reload", "result False generation=1"), StringComparison.Ordinal);
        Assert.Equal(1, (await supervisor.WhoAsync()).Id);
    }

    [Fact]
    public async Task OptionsThatAReloadChanges_AreInForceFromThenOn_AndARollbackBringsTheOldOnesBack()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "watch=0", "stop=20000");
        await supervisor.AskAsync("options workers=3 stop=10000 age=3600000", "set");
        Assert.Equal("result True generation=2 reload to generation 2 succeeded: 3 workers serve", await supervisor.AskAsync("reload", "result "));
        Assert.Equal("options workers=3 stop=10000 age=3600000", await supervisor.AskAsync("options?", "options "));
        Assert.Equal([0, 1, 2], (await supervisor.UntilAsync(status => status.Workers.Count == 3)).Workers.Select(worker => worker.Slot));
        await supervisor.AskAsync("restart", "result True generation=3 restart to generation 3 succeeded: 3 workers serve");

        // A rollback goes to other options, not to those that were restarted.
        await supervisor.AskAsync("rollback", "result True generation=1 rollback to generation 1 succeeded: 2 workers serve");
        Assert.Equal("options workers=2 stop=20000 age=", await supervisor.AskAsync("options?", "options "));
        Assert.All((await supervisor.UntilAsync(status => status.Workers.Count == 2)).Workers, worker => Assert.Equal(1, worker.Generation));
    }

    [Fact]
    public async Task OptionsOfAReloadThatFails_AreForgotten()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "watch=0", "stop=20000");
        await supervisor.AskAsync("launch BEHAVE=exit", "set");
        await supervisor.AskAsync("options workers=4 stop=10000", "set");
        await supervisor.AskAsync("reload", "result False generation=1");
        Assert.Equal("options workers=2 stop=20000 age=", await supervisor.AskAsync("options?", "options "));
        var status = await supervisor.UntilAsync(status => status is { State: "Healthy", Desired: 2, Workers.Count: 2 });
        Assert.Equal([1, 2], status.Workers.Select(worker => worker.Id));

        // One that is out of its range, too.
        await supervisor.AskAsync("options workers=0", "set");
        Assert.Contains("Workers", await supervisor.AskAsync("reload", "result False generation=1"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Rolling")]
    [InlineData("AllAtOnce")]
    [InlineData("WithinCount")]
    public async Task FewerWorkers_ComeWithAReload_AndStayOnesThatAreScaled(string mode)
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=3", "watch=0");
        await supervisor.AskAsync("options workers=1", "set");
        await supervisor.AskAsync($"reload mode={mode}", "result True generation=2 reload to generation 2 succeeded: 1 worker serves");
        Assert.Equal([(0, 2)], (await supervisor.UntilAsync(status => status.Workers.Count == 1)).Workers.Select(worker => (worker.Slot, worker.Generation)));
        await supervisor.AskAsync("scale 2", "scaled 2");

        // The options say 1 still: that is no news.
        await supervisor.AskAsync("options workers=1", "set");
        await supervisor.AskAsync($"reload mode={mode}", "result True generation=3 reload to generation 3 succeeded: 2 workers serve");
        await supervisor.AskAsync("rollback", "result True generation=2 rollback to generation 2 succeeded: 2 workers serve");
        await supervisor.AskAsync("rollback", "result True generation=1 rollback to generation 1 succeeded: 3 workers serve");
    }

    [Fact]
    public async Task FewerWorkersThatFail_LeaveTheOldOnesAsTheyWere()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=3", "watch=60000");
        await supervisor.AskAsync("launch BEHAVE=crash:1000", "set");
        await supervisor.AskAsync("options workers=1", "set");
        await supervisor.AskAsync("reload", "result False generation=1");
        var status = await supervisor.UntilAsync(status => status is { State: "Healthy", Workers.Count: 3 });
        Assert.Equal([1, 2, 3], status.Workers.Select(worker => worker.Id));
        Assert.All(status.Workers, worker => Assert.Equal("Serving", worker.Phase));
    }

    [Fact]
    public async Task TwentyReloads_UnderMixedLoad_FailNoRequest_AndLeaveNothing()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "watch=0", "draining=1");
        await using var load = await supervisor.LoadAsync();
        var before = Array.Empty<int>();
        for (var i = 2; i <= 21; i++)
        {
            await supervisor.AskAsync("reload", $"result True generation={i}", TimeSpan.FromSeconds(60));
            if (i == 6)
            {
                before = await UsageAsync(supervisor);
            }
        }

        // A file of /proc that is read at that instant, on a thread for it, is no leak: a leak does not go away.
        int[] after = [];
        await Scheduling.EventuallyAsync(
            async () => (after = await UsageAsync(supervisor))[0] <= before[0],
            () => $"{before[0]} descriptors after 5 reloads, {after[0]} after 20");
        Assert.True(after[1] < before[1] + (64 * 1024), $"{before[1]} KiB after 5 reloads, {after[1]} KiB after 20");
        Assert.Equal(0, after[2]);
        await ServedAllAsync(load);
    }

    [Fact]
    public async Task OneAtATime_ASecondIsRefused_OrWaits()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=1000");
        await supervisor.TellAsync("reload");
        await supervisor.ExpectAsync("OperationBegan reload");
        Assert.Contains("reload is under way", await supervisor.AskAsync("reload", "reload threw OperationUnderWayException"), StringComparison.Ordinal);
        await supervisor.TellAsync("reload queue");
        await supervisor.ExpectAsync("result True generation=2");
        await supervisor.ExpectAsync("result True generation=3");
    }

    [Fact]
    public async Task TheProgramsPath_IsReadAfresh_AndRollbackGoesBackToWhatItWas()
    {
        using var folder = new TemporaryFolder();
        foreach (var release in new[] { "1", "2" })
        {
            CopyProgram(Path.GetDirectoryName(Programs.WebApp)!, Path.Combine(folder.Path, release));
        }

        var current = Path.Combine(folder.Path, "current");
        Directory.CreateSymbolicLink(current, Path.Combine(folder.Path, "1"));
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0", $"exec={Path.Combine(current, "WebApp")}");
        Assert.Equal(Path.Combine(folder.Path, "1"), (await supervisor.WhoAsync()).Folder.TrimEnd('/'));

        // A crash in between does not mix versions.
        Directory.Delete(current);
        Directory.CreateSymbolicLink(current, Path.Combine(folder.Path, "2"));
        Kill((await supervisor.StatusAsync()).Workers[0].Pid);
        await supervisor.UntilAsync(status => status is { State: "Healthy", Restarts: 1 });
        Assert.Equal(Path.Combine(folder.Path, "1"), (await supervisor.WhoAsync()).Folder.TrimEnd('/'));

        await supervisor.AskAsync("reload", "result True generation=2");
        Assert.Equal(Path.Combine(folder.Path, "2"), (await supervisor.WhoAsync()).Folder.TrimEnd('/'));
        await supervisor.AskAsync("rollback", "result True generation=1");
        Assert.Equal(Path.Combine(folder.Path, "1"), (await supervisor.WhoAsync()).Folder.TrimEnd('/'));
        Assert.Contains("no generation to go back to", await supervisor.AskAsync("rollback", "result False generation=1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task APreviousGenerationKeptWarm_TakesOverWithoutAStart()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "watch=0", "warm=");
        await supervisor.AskAsync("reload", "result True generation=2");
        var status = await supervisor.UntilAsync(status => status.Workers.Count(worker => worker is { Generation: 1, Phase: "Parked" }) == 2);
        Assert.Equal(2, (await supervisor.WhoAsync()).Generation);
        var started = supervisor.Seen.Count(line => line.StartsWith("WorkerStarted", StringComparison.Ordinal));
        await supervisor.AskAsync("rollback", "result True generation=1");
        Assert.Equal(started, supervisor.Seen.Count(line => line.StartsWith("WorkerStarted", StringComparison.Ordinal)));
        Assert.Equal(1, (await supervisor.WhoAsync()).Generation);
        await supervisor.UntilAsync(status => status.Workers.All(worker => worker.Generation == 1));
    }

    [Fact]
    public async Task APreviousGenerationKeptWarm_IsKeptSo_WhateverHappens()
    {
        static int Warm(TestSupervisor.Status status, int generation) => status.Workers.Count(worker => worker.Generation == generation && worker.Phase == "Parked");
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0", "warm=");
        await supervisor.AskAsync("reload", "result True generation=2");
        var warm = (await supervisor.UntilAsync(status => Warm(status, 1) == 1)).Workers.Single(worker => worker.Generation == 1);

        // One dies.
        Kill(warm.Pid);
        await supervisor.ExpectAsync($"WorkerEnded worker {warm.Id} ");
        await supervisor.UntilAsync(status => Warm(status, 1) == 1);

        // More are wanted, then fewer.
        await supervisor.AskAsync("scale 2", "scaled 2");
        await supervisor.UntilAsync(status => Warm(status, 1) == 2);
        await supervisor.AskAsync("scale 1", "scaled 1");
        await supervisor.UntilAsync(status => status.Workers.Count == 2 && Warm(status, 1) == 1);

        // A rollback that fails.
        await supervisor.TellAsync("rollback watch=60000");
        await supervisor.ExpectAsync("WorkerServes ");
        Kill((await supervisor.StatusAsync()).Workers.Single(worker => worker is { Generation: 1, Phase: "Serving" }).Pid);
        await supervisor.ExpectAsync("result False generation=2");
        await supervisor.UntilAsync(status => status.Workers.Count == 2 && Warm(status, 1) == 1);

        // Another reload: now the other one is the previous.
        await supervisor.AskAsync("reload", "result True generation=3");
        warm = (await supervisor.UntilAsync(status => status.Workers.Count == 2 && Warm(status, 2) == 1)).Workers.Single(worker => worker.Generation == 2);

        // After a restart it still is.
        await supervisor.AskAsync("restart", "result True generation=4");
        Assert.Equal(warm.Id, (await supervisor.UntilAsync(status => status.Workers.Count == 2 && Warm(status, 2) == 1)).Workers.Single(worker => worker.Generation == 2).Id);
    }

    [Fact]
    public async Task AnOldWorkerThatDiesDuringACanary_IsReplaced()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0");
        await supervisor.TellAsync("reload canary=60000 share=0.5");
        await supervisor.ExpectAsync("WorkerServes worker 2 ");
        Kill((await supervisor.StatusAsync()).Workers.Single(worker => worker.Id == 1).Pid);
        await supervisor.ExpectAsync("WorkerServes worker 3 (slot 0, generation 1");
        await supervisor.AskAsync("rollback", "result ");
        Assert.Equal([3], (await supervisor.UntilAsync(status => status.Workers.Count == 1)).Workers.Select(worker => worker.Id));
    }

    [Fact]
    public async Task AReload_WaitsForGenerationsThatDrain()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0", "draining=1", "stop=60000", "args=--urls=http://127.0.0.1:0,--drain=60");
        using var held = new System.Net.Sockets.TcpClient();
        await held.ConnectAsync(supervisor.Address.Host, supervisor.Address.Port);
        var stream = held.GetStream();
        await stream.WriteAsync("POST /upload HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 10\r\n\r\n12345"u8.ToArray());

        // That it has come is not to be seen from here; one that comes after it has been served.
        await supervisor.WhoAsync();
        await supervisor.AskAsync("reload", "result True generation=2");
        await supervisor.TellAsync("reload");
        await supervisor.ExpectAsync("OperationBegan reload");
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal([1, 2], (await supervisor.StatusAsync()).Workers.Select(worker => worker.Id));
        }

        await stream.WriteAsync("67890"u8.ToArray());
        Assert.StartsWith("HTTP/1.1 200", await new StreamReader(stream).ReadToEndAsync(), StringComparison.Ordinal);
        await supervisor.ExpectAsync("WorkerEnded worker 1 ");
        await supervisor.ExpectAsync("WorkerStarted worker 3 ");
        await supervisor.ExpectAsync("result True generation=3");
    }

    [Fact]
    public async Task ACanary_HasItsShare_ThenTheOthersFollow()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "watch=0");
        await supervisor.TellAsync("reload canary=60000 share=0.25");
        await supervisor.ExpectAsync("WorkerServes worker 3 ", line => line.Contains("25", StringComparison.Ordinal));

        // That it serves is said when it is decided; the acceptor hears of it a moment later. From its first connection on, every fourth is its.
        while ((await supervisor.WhoAsync()).Generation != 2)
        {
        }

        var generations = new List<int>();
        for (var i = 0; i < 40; i++)
        {
            generations.Add((await supervisor.WhoAsync()).Generation);
        }

        Assert.Equal(10, generations.Count(generation => generation == 2));
        await supervisor.AskAsync("rollback", "result True generation=1");
        await supervisor.AskAsync("reload canary=100 share=0.25", "result True generation=3");
        Assert.Equal(3, (await supervisor.WhoAsync()).Generation);
    }

    [Fact]
    public async Task ACanaryThatCrashes_TakesTheReloadBack()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2");
        await supervisor.AskAsync("launch BEHAVE=crash:700", "set");
        await supervisor.AskAsync("reload canary=10000 share=0.5", "result False generation=1");
        Assert.Equal([1, 2], (await supervisor.UntilAsync(status => status.Workers.Count == 2)).Workers.Select(worker => worker.Id));
    }

    [Fact]
    public async Task ARollback_CallsOffAReloadUnderWay()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "watch=60000");
        await supervisor.TellAsync("reload");
        await supervisor.ExpectAsync("WorkerServes worker 4 ");
        await supervisor.TellAsync("rollback");
        await supervisor.ExpectAsync("result ", line => line.Contains("was called off", StringComparison.Ordinal));
        Assert.Equal([1, 2], (await supervisor.UntilAsync(status => status.Workers.Count == 2)).Workers.Select(worker => worker.Id));
        Assert.Equal(1, (await supervisor.WhoAsync()).Generation);
    }

    [Fact]
    public async Task AStopDuringAReload_StopsEverything()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "watch=60000");
        await supervisor.TellAsync("reload");
        await supervisor.ExpectAsync("WorkerServes worker 3 ");
        await supervisor.TellAsync("stop");
        await supervisor.ExpectAsync("stopped");
        await supervisor.ExpectEverAsync("result False generation=1");
        Assert.Empty((await supervisor.StatusAsync()).Workers);
    }

    [Fact]
    public async Task AnOldWorkerThatDiesDuringAReload_IsReplaced_AndTheReloadGoesOn()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "watch=1500");
        await supervisor.TellAsync("reload");
        await supervisor.ExpectAsync("WorkerServes worker 3 ");
        Kill((await supervisor.StatusAsync()).Workers.Single(worker => worker.Id == 1).Pid);
        await supervisor.ExpectAsync("result True generation=2");
        Assert.All((await supervisor.UntilAsync(status => status.Workers.Count == 2)).Workers, worker => Assert.Equal(2, worker.Generation));
    }

    [Fact]
    public async Task ASingleWorker_WithinTheCount_KeepsItsClientsWaiting_AndRefusesNone()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0");
        using var stop = new CancellationTokenSource();
        var asking = Task.Run(async () =>
        {
            var served = 0;
            while (!stop.IsCancellationRequested)
            {
                await supervisor.WhoAsync();
                served++;
            }

            return served;
        });
        for (var i = 2; i <= 4; i++)
        {
            await supervisor.AskAsync("reload mode=WithinCount", $"result True generation={i}");
        }

        await stop.CancelAsync();
        Assert.True(await asking > 0);
    }

    internal static async Task ServedAllAsync(TestProgram load)
    {
        load.CloseInput();
        using var result = JsonDocument.Parse(await load.ExpectAsync("{", TimeSpan.FromSeconds(60)));
        foreach (var kind in result.RootElement.EnumerateObject())
        {
            Assert.True(kind.Value.GetProperty("failed").GetInt32() == 0, result.RootElement.GetRawText());
            Assert.True(kind.Value.GetProperty("served").GetInt32() > 0, $"{kind.Name} was never served.");
        }
    }

    /// <summary>Descriptors, memory in KiB and zombies of the primary.</summary>
    private static async Task<int[]> UsageAsync(TestSupervisor supervisor)
    {
        await supervisor.UntilAsync(status => status.Workers.Count == 2);
        return [.. (await supervisor.AskAsync("usage", "usage ")).Split(' ')[1..].Select(int.Parse)];
    }

    private static void CopyProgram(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    private static void Kill(int pid)
    {
        // 0 is the group of this very process.
        Assert.True(pid > 0);
        using var kill = Process.Start("kill", ["-KILL", $"{pid}"]);
        kill.WaitForExit();
    }
}
