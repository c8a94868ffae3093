namespace Prefork.IntegrationTests;

/// <summary>A scale comes to an end: with as many workers as were asked for, or with the reason why they are not there yet.</summary>
public class Scaling
{
    [Fact]
    public async Task AWorkerThatDoesNotPassItsGate_FailsTheScale_AndStaysWanted()
    {
        using var folder = new TemporaryFolder();
        var passes = Path.Combine(folder.Path, "passes");
        await File.WriteAllTextAsync(passes, "");
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0", $"gate=c,test,-f,{passes}", "gatetimeout=3000");
        File.Delete(passes);
        var failure = await supervisor.AskAsync("scale 2", "scale threw SupervisorException: 1 of 2 workers serves: worker 2 (slot 1, generation 1");
        Assert.Contains("did not pass its health gate within 3 s: The command test ended with code 1", failure, StringComparison.Ordinal);

        // It is tried again and again meanwhile.
        await File.WriteAllTextAsync(passes, "");
        await supervisor.UntilAsync(status => status is { State: "Healthy", Desired: 2, Workers.Count: 2 });
        await supervisor.AskAsync("reload", "result True generation=2 reload to generation 2 succeeded: 2 workers serve");
    }

    [Fact]
    public async Task AWorkerThatEndsTooSeldomForACrashLoop_FailsTheScale()
    {
        using var folder = new TemporaryFolder();
        var behaviour = Path.Combine(folder.Path, "behaviour");
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "boot=15000", "gatetimeout=100", "delay=60000", "maxdelay=60000", $"BEHAVE_WHEN={behaviour}");
        await File.WriteAllTextAsync(behaviour, "exit");
        var failure = await supervisor.AskAsync("scale 2", "scale threw SupervisorException: 1 of 2 workers serves: worker 3 (slot 1, generation 1", TimeSpan.FromSeconds(40));
        Assert.Contains("ended before it was ready: exited with code 3", failure, StringComparison.Ordinal);
        Assert.Equal(2, (await supervisor.StatusAsync()).Desired);
    }

    [Fact]
    public async Task ASlotWhoseWorkerSaidNotToStartItAgain_HasOne_BeforeTheLastThatServesIsTakenAway()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "stopcode=0");
        await supervisor.SignalAsync(1, Native.SigTerm);
        await supervisor.ExpectAsync("WorkerEnded worker 1 ");
        await supervisor.AskAsync("scale 1", "OperationEnded scaling to 1: 1 worker serves");
        await supervisor.ExpectAsync("scaled 1");
        var lines = supervisor.Seen.ToList();
        Assert.True(lines.FindIndex(line => line.StartsWith("WorkerServes worker 3 (slot 0,", StringComparison.Ordinal))
            < lines.FindIndex(line => line.StartsWith("WorkerDrains worker 2 ", StringComparison.Ordinal)));
        var status = await supervisor.UntilAsync(status => status is { State: "Healthy", Workers.Count: 1 });
        Assert.Equal(3, status.Workers.Single().Id);
    }

    [Fact]
    public async Task TheLastThatServes_IsNotTakenAway_WhereNobodyComesForIt()
    {
        using var folder = new TemporaryFolder();
        var behaviour = Path.Combine(folder.Path, "behaviour");
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=2", "stopcode=0", "stopcode=42", $"BEHAVE_WHEN={behaviour}");
        await supervisor.SignalAsync(1, Native.SigTerm);
        await supervisor.ExpectAsync("WorkerEnded worker 1 ");
        await File.WriteAllTextAsync(behaviour, "finish");
        var failure = await supervisor.AskAsync("scale 1", "scale threw SupervisorException: With 1 worker nobody would serve: worker 3 (slot 0, generation 1");
        Assert.Contains("exited with code 42. There are 2, as before.", failure, StringComparison.Ordinal);
        Assert.Equal(2, (await supervisor.WhoAsync()).Id);
        Assert.Equal(2, (await supervisor.StatusAsync()).Desired);
    }

    [Fact]
    public async Task WhoSaysNotToStartItAgain_IsNotCounted_AmongThoseThatServe()
    {
        using var folder = new TemporaryFolder();
        var behaviour = Path.Combine(folder.Path, "behaviour");
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "stopcode=42", $"BEHAVE_WHEN={behaviour}");
        await File.WriteAllTextAsync(behaviour, "finish");
        await supervisor.AskAsync("scale 2", "OperationEnded scaling to 2: 1 of 2 workers serves: the others have ended with a code that means not to start them again");
    }
}
