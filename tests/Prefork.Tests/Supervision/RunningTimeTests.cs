using Prefork.Supervision;

namespace Prefork.Tests.Supervision;

public class RunningTimeTests
{
    private readonly ManualTime _time = new();
    private readonly RunningTime _running;

    public RunningTimeTests() => _running = new RunningTime(_time);

    [Fact]
    public void Timer_IsDueInTime_WhileTheProcessRuns()
    {
        Assert.Equal(5, SecondsTillDue(5, pauseAfter: null), 0.01);
        Assert.Equal(0.01, SecondsTillDue(0.01, pauseAfter: null), 0.01);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2.5)]
    public void Timer_DoesNotCountAPause(double pauseAfter)
    {
        // Half a second of it counts at most, as if the process had been looked at.
        Assert.InRange(SecondsTillDue(5, pauseAfter), 4.4, 5.1);
    }

    [Fact]
    public void Timer_ThatIsAsGoodAsDueAtAPause_LetsWhatHasComeBeSeenFirst()
        => Assert.InRange(SecondsTillDue(5, pauseAfter: 4.9), 5.8, 6.1);

    [Fact]
    public void Timer_InAProcessThatIsAlwaysLate_IsDueAllTheSame()
    {
        var due = false;
        using var timer = _running.CreateTimer(_ => due = true, null, TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        for (var i = 0; i < 20 && !due; i++)
        {
            _time.Advance(3);
        }

        Assert.True(due);
    }

    [Fact]
    public void Timer_ChangedOrDisposed_IsNotCalledForWhatItWas()
    {
        var calls = 0;
        var timer = _running.CreateTimer(_ => calls++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        timer.Change(TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        Run(2);
        Assert.Equal(0, calls);
        Run(2);
        Assert.Equal(1, calls);
        timer.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        timer.Dispose();
        Run(2);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task ACancellation_AndADelay_AreByTheClock()
    {
        using var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(2), _running);
        var delay = Task.Delay(TimeSpan.FromSeconds(2), _running, TestContext.Current.CancellationToken);
        Run(1);
        _time.Advance(3600);
        Assert.False(cancellation.IsCancellationRequested);
        Assert.False(delay.IsCompleted);
        Run(1.5);
        Assert.True(cancellation.IsCancellationRequested);
        await delay;
    }

    private double SecondsTillDue(double due, double? pauseAfter)
    {
        var called = false;
        using var timer = _running.CreateTimer(_ => called = true, null, TimeSpan.FromSeconds(due), Timeout.InfiniteTimeSpan);
        var ran = 0.0;
        for (; !called && ran < 100; ran += 0.01)
        {
            if (pauseAfter is { } after && ran >= after)
            {
                pauseAfter = null;
                _time.Advance(3600);
                Assert.False(called);
            }

            _time.Advance(0.01);
        }

        return ran;
    }

    private void Run(double seconds)
    {
        for (var ran = 0.0; ran < seconds; ran += 0.1)
        {
            _time.Advance(0.1);
        }
    }
}
