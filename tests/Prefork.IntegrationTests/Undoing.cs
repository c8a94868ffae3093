namespace Prefork.IntegrationTests;

/// <summary>A reload that comes to nothing changes nothing, however it went wrong.</summary>
public class Undoing
{
    [Theory]
    [InlineData("Rolling", 1)]
    [InlineData("Rolling", 2)]
    [InlineData("WithinCount", 2)]
    public async Task ANewWorkerThatSaysNotToStartItAgain_FailsTheReload_AndNoMore(string mode, int workers)
    {
        await using var supervisor = await TestSupervisor.StartWebAsync($"workers={workers}", "watch=60000", "stopcode=0");
        await supervisor.TellAsync($"reload mode={mode}");
        await supervisor.ExpectAsync($"WorkerServes worker {2 * workers} ");

        // It leaves by itself, with code 0.
        await supervisor.SignalAsync(2 * workers, Native.SigTerm);
        await supervisor.ExpectAsync("result False generation=1");
        var old = (await supervisor.UntilAsync(status => status.State == "Healthy" && status.Workers.Count == workers)).Workers;
        Assert.All(old, worker => Assert.Equal(1, worker.Generation));

        // Its slot is as it was: who crashes there is started again.
        await supervisor.SignalAsync(old[^1].Id, Native.SigKill);
        await supervisor.ExpectAsync("WorkerServes ", line => line.Contains($"(slot {workers - 1}, generation 1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ASlotWhoseWorkerSaidNotToStartItAgain_StaysEmpty()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "watch=60000", "stopcode=0");
        await supervisor.SignalAsync(2, Native.SigTerm);
        await supervisor.ExpectAsync("WorkerEnded worker 2 ");
        await supervisor.TellAsync("reload");
        await supervisor.ExpectAsync("WorkerServes worker 4 ");
        await supervisor.TellAsync("rollback");
        await supervisor.ExpectAsync("result False generation=1");
        Assert.Equal([1], (await supervisor.UntilAsync(status => status.Workers.Count == 1)).Workers.Select(worker => worker.Id));
        Assert.DoesNotContain(supervisor.Seen, line => line.StartsWith("WorkerStarted worker 5 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AParkedWorkerThatSaysNotToStartItAgain_IsNot_AfterTheUndo()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "watch=60000", "stopcode=0");
        await supervisor.TellAsync("reload");
        await supervisor.ExpectAsync("WorkerServes worker 4 ");
        await supervisor.SignalAsync(1, Native.SigTerm);
        await supervisor.ExpectAsync("WorkerEnded worker 1 ");
        await supervisor.TellAsync("rollback");
        await supervisor.ExpectAsync("result False generation=1");
        Assert.Equal([2], (await supervisor.UntilAsync(status => status.Workers.Count == 1)).Workers.Select(worker => worker.Id));
        Assert.DoesNotContain(supervisor.Seen, line => line.StartsWith("WorkerStarted worker 5 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TheLastOldWorker_ThatSaysNotToStartItAgain_WhileTheNewOneComes_EndsNothing()
    {
        using var folder = new TemporaryFolder();
        var passes = Path.Combine(folder.Path, "passes");
        await File.WriteAllTextAsync(passes, "");
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0", "stopcode=0", $"gate=c,test,-f,{passes}");
        File.Delete(passes);
        await supervisor.TellAsync("reload");
        await supervisor.ExpectAsync("WorkerStarted worker 2 ");
        await supervisor.SignalAsync(1, Native.SigTerm);
        await supervisor.ExpectAsync("WorkerEnded worker 1 ");
        await File.WriteAllTextAsync(passes, "");
        await supervisor.ExpectAsync("result True generation=2");
        Assert.Equal("Healthy", (await supervisor.StatusAsync()).State);
    }

    [Fact]
    public async Task AnErrorThatNobodyHasThoughtOf_IsSaid_AndUndoneLikeAnyOther()
    {
        // When the second of the new ones has passed its gate, no timer can be made for the watch window.
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "watch=60000", "gate=breaks,4");
        var result = await supervisor.AskAsync("reload", "result False generation=1");
        Assert.Contains("failed: NotSupportedException: no timer could be made. Generation 1 serves on.", result, StringComparison.Ordinal);
        Assert.Equal([1, 2], (await supervisor.UntilAsync(status => status.Workers.Count == 2)).Workers.Select(worker => worker.Id));
    }

    [Theory]
    [InlineData("canary")]
    [InlineData("watch")]
    public async Task ATimeThatIsTooLong_IsRefusedBeforeAnythingHappens(string time)
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0");
        var refused = await supervisor.AskAsync($"reload {time}=5184000000", "reload threw ArgumentOutOfRangeException");
        Assert.Contains(time == "canary" ? "CanaryTime" : "WatchWindow", refused, StringComparison.Ordinal);
        Assert.Contains("24.00:00:00", refused, StringComparison.Ordinal);
        Assert.DoesNotContain(supervisor.Seen, line => line.StartsWith("WorkerStarted worker 2 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ACanaryThatHangs_TakesTheReloadBack_BeforeItIsDumped()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "watch=0", "heartbeat=200", "hang=4000", "hold=");
        await supervisor.TellAsync("reload canary=60000 share=0.5");
        await supervisor.ExpectAsync("WorkerServes worker 3 ");
        await supervisor.HangAsync(3);
        await supervisor.ExpectAsync("WorkerFailed worker 3 ");
        var result = await supervisor.ExpectAsync("result False generation=1");
        Assert.Contains("hangs: it has not answered for 4 s. Generation 1 serves on.", result, StringComparison.Ordinal);

        // What it wrote is told though its dump takes longer than anybody waits.
        Assert.EndsWith("| hangs", result, StringComparison.Ordinal);
        Assert.Single(supervisor.Seen, line => line.StartsWith("WorkerServes worker 3 ", StringComparison.Ordinal));
        Assert.Equal([1, 2], (await supervisor.StatusAsync()).Workers.Where(worker => worker.Phase == "Serving").Select(worker => worker.Id));
    }

    [Fact]
    public async Task AReloadThatIsCalledOff_IsUndone_WhenThatIsSaid()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=60000");
        await supervisor.TellAsync("reload mode=WithinCount");
        await supervisor.ExpectAsync("WorkerServes worker 2 ");
        await supervisor.TellAsync("rollback");
        await supervisor.ExpectAsync("result True generation=1 the reload to generation 2 was called off. Generation 1 serves on.");
        var status = await supervisor.StatusAsync();
        Assert.Equal("Healthy", status.State);
        Assert.Contains(status.Workers, worker => worker is { Generation: 1, Phase: "Serving" });
    }

    [Fact]
    public async Task AReloadThatIsCalledOff_WhoseOldWorkersDoNotComeBack_IsNoSuccess()
    {
        using var folder = new TemporaryFolder();
        var behaviour = Path.Combine(folder.Path, "behaviour");
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=60000", "delay=10", "maxdelay=50", $"BEHAVE_WHEN={behaviour}");
        await supervisor.TellAsync("reload mode=WithinCount");
        await supervisor.ExpectAsync("WorkerServes worker 2 ");
        await File.WriteAllTextAsync(behaviour, "exit");
        await supervisor.TellAsync("rollback");
        await supervisor.ExpectAsync("result False generation=1 the reload to generation 2 was called off. Generation 1 is to serve on, but 0 of its 1 workers do.");
    }

    [Fact]
    public async Task ARollback_IsNotCalledOffByAnother()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0");
        await supervisor.AskAsync("reload", "result True generation=2");
        await supervisor.TellAsync("rollback watch=3000");
        await supervisor.ExpectAsync("WorkerServes worker 3 ");
        Assert.Contains("rollback is under way", await supervisor.AskAsync("rollback", "rollback threw OperationUnderWayException"), StringComparison.Ordinal);
        await supervisor.ExpectAsync("result True generation=1 rollback to generation 1 succeeded: 1 worker serves");
    }

    [Theory]
    [InlineData("")]
    [InlineData(" queue=")]
    public async Task ARollback_WhileAReloadIsUndone_WaitsForThat_AndGoesBackNoFurther(string queue)
    {
        using var folder = new TemporaryFolder();
        var passes = Path.Combine(folder.Path, "passes");
        await File.WriteAllTextAsync(passes, "");
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0", $"gate=c,test,-f,{passes}");
        await supervisor.AskAsync("reload", "result True generation=2");
        await supervisor.TellAsync("reload mode=WithinCount watch=60000");
        await supervisor.ExpectAsync("WorkerServes worker 3 ");
        File.Delete(passes);
        await supervisor.SignalAsync(3, Native.SigKill);

        // Generation 2's again: it has to pass its gate before the reload is undone.
        await supervisor.ExpectAsync("WorkerStarted worker 4 ");
        await supervisor.TellAsync($"rollback{queue}");
        await supervisor.ExpectAsync("OperationBegan rollback begins");
        await File.WriteAllTextAsync(passes, "");
        await supervisor.ExpectAsync("result True generation=2 the reload to generation 3 had failed, and is undone. Generation 2 serves on.");
        await supervisor.ExpectEverAsync("result False generation=2 reload to generation 3 failed: ");
        Assert.Equal("Healthy", (await supervisor.StatusAsync()).State);
    }

    [Fact]
    public async Task ARollback_WhileAReloadWaitsForARecycling_CallsItOff()
    {
        using var folder = new TemporaryFolder();
        var (passes, trigger) = (Path.Combine(folder.Path, "passes"), Path.Combine(folder.Path, "restart.txt"));
        await File.WriteAllTextAsync(passes, "");
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0", $"gate=c,test,-f,{passes}", $"trigger={trigger}");
        await supervisor.AskAsync("reload", "result True generation=2");
        File.Delete(passes);
        await File.WriteAllTextAsync(trigger, "");
        await supervisor.ExpectAsync("WorkerRecycles worker 2 ");
        await supervisor.AskAsync("reload", "OperationBegan reload");
        await supervisor.TellAsync("rollback queue=");
        await supervisor.ExpectAsync("result True generation=2 the reload was called off. Generation 2 serves on.");
        await File.WriteAllTextAsync(passes, "");
        await supervisor.ExpectAsync("WorkerServes worker 3 (slot 0, generation 2");
        Assert.DoesNotContain(supervisor.Seen, line => line.Contains("generation 3, pid", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnEarlierLifeOfAGeneration_DoesNotFailTheRollbackToIt()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0", "heartbeat=200", "hang=4000", "holduntil=");
        await supervisor.HangAsync(1);
        await supervisor.ExpectAsync("WorkerFailed worker 1 ");
        await supervisor.AskAsync("reload", "result True generation=2");
        await supervisor.TellAsync("rollback watch=5000");
        await supervisor.ExpectAsync("WorkerServes worker 3 ");
        await supervisor.AskAsync("release", "released");
        await supervisor.ExpectAsync("WorkerEnded worker 1 ");
        await supervisor.ExpectAsync("result True generation=1 rollback to generation 1 succeeded: 1 worker serves");
    }
}
