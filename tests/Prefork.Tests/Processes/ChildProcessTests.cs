namespace Prefork.Tests.Processes;

/// <summary>Signals for a process that does not run yet.</summary>
public class ChildProcessTests
{
    [Fact]
    public void BeforeTheStart_ASignalIsKept_AndOnlySigkillAbandons()
    {
        var process = new ChildProcess([]);
        Assert.True(process.Kill());
        Assert.False(process.Abandoned.IsCancellationRequested);
        Assert.True(process.Kill(Signal.SIGKILL));
        Assert.True(process.Abandoned.IsCancellationRequested);
    }

    [Fact]
    public void OneThatNeverStarts_GetsNone()
    {
        var process = new ChildProcess([]);
        process.SetNeverStarted();
        Assert.False(process.Kill(Signal.SIGKILL));
        Assert.False(process.Abandoned.IsCancellationRequested);
    }
}
