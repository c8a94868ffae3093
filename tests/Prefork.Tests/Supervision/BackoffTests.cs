using Prefork.Supervision;

namespace Prefork.Tests.Supervision;

public class BackoffTests
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MinUptime = TimeSpan.FromSeconds(10);

    [Fact]
    public void Next_InQuickSuccession_IsNothing_ThenDoubles_UpToTheLongest_AQuarterMoreOrLess()
    {
        var backoff = new Backoff(First, Longest, MinUptime, new Random(1));
        Assert.Equal(TimeSpan.Zero, backoff.Next(TimeSpan.Zero));
        for (var (i, expected) = (0, First); i < 40; i++, expected = expected * 2 < Longest ? expected * 2 : Longest)
        {
            Assert.InRange(backoff.Next(TimeSpan.Zero), expected * 0.75, expected * 1.25);
        }
    }

    [Fact]
    public void Next_AfterAWorkerThatServedLongEnough_BeginsAnew()
    {
        var backoff = new Backoff(First, Longest, MinUptime, new Random(1));
        backoff.Next(TimeSpan.Zero);
        backoff.Next(TimeSpan.Zero);
        Assert.Equal(TimeSpan.Zero, backoff.Next(MinUptime));
        Assert.InRange(backoff.Next(TimeSpan.Zero), First * 0.75, First * 1.25);
    }

    [Fact]
    public void Next_DiffersByChance()
    {
        var delays = Enumerable.Range(1, 20).Select(seed =>
        {
            var backoff = new Backoff(First, Longest, MinUptime, new Random(seed));
            backoff.Next(TimeSpan.Zero);
            return backoff.Next(TimeSpan.Zero);
        });
        Assert.True(delays.Distinct().Count() > 10);
    }
}
