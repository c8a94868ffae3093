namespace Prefork.IntegrationTests;

/// <summary>What the user's code, or a file system, returns when nobody waits for it any more has no effect; and what never returns holds up nobody else.</summary>
public class CalledOff
{
    private const int MostAtOnce = 4;

    [Theory]
    [InlineData("launch")]
    [InlineData("reconfigure")]
    public async Task AReloadThatIsCalledOffWhileItIsRead_ChangesNothing_WhenTheReadingReturns(string where)
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0");
        var settings = await supervisor.AskAsync("settings?", "settings ");
        await supervisor.AskAsync($"launch hold={where}", "set");
        await supervisor.AskAsync("reload", $"holds {where}");
        await supervisor.AskAsync("rollback", "result True generation=1");

        // The next step of a reading that was called off would be seen: it would be held.
        await supervisor.AskAsync("launch hold=launch", "set");
        await supervisor.AskAsync("release", "released");
        await supervisor.ExpectEverAsync($"held {where}");
        await supervisor.AskAsync("launch hold=", "set");
        await supervisor.AskAsync("reload", "result True generation=2");
        Assert.Equal(settings, await supervisor.AskAsync("settings?", "settings "));
        Assert.Single(supervisor.Seen, static line => line.StartsWith("holds ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ReadingsThatNeverReturn_HoldUpNoStart()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0");
        await supervisor.AskAsync("launch hold=launch", "set");
        for (var i = 0; i < 20; i++)
        {
            // A few are made at once; further ones do not come to their turn.
            await supervisor.AskAsync("reload", i < MostAtOnce ? "holds launch" : "OperationBegan");
            await supervisor.AskAsync("rollback", "result True generation=1");
        }

        Assert.Equal(MostAtOnce, supervisor.Seen.Count(static line => line == "holds launch"));
        await supervisor.SignalAsync(1, Native.SigKill);
        await supervisor.ExpectAsync("WorkerServes worker 2 ");
    }

    [Fact]
    public async Task AHandlerOfEventsThatDoesNotReturn_HoldsUpNoSupervision()
    {
        await using var supervisor = await TestSupervisor.StartWebAsync("workers=1", "watch=0");
        await supervisor.AskAsync("holdevents", "set");
        await supervisor.SignalAsync(1, Native.SigKill);
        Assert.Equal(2, (await supervisor.WhoAsync()).Id);
        await supervisor.AskAsync("reload", "result True generation=2");
        Assert.Equal("Healthy", (await supervisor.StatusAsync()).State);
        Assert.DoesNotContain(supervisor.Seen, static line => line.StartsWith("WorkerServes worker 2 ", StringComparison.Ordinal));

        // All is told in the end, in order.
        await supervisor.AskAsync("release", "released");
        await supervisor.ExpectAsync("WorkerServes worker 2 ");
        await supervisor.ExpectAsync("WorkerServes worker 3 ");
        await supervisor.ExpectAsync("OperationEnded ");
        await supervisor.AskAsync("stop", "stopped");
    }
}
