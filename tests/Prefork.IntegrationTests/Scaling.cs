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
}
