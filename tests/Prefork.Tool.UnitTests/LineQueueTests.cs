namespace Prefork.Tool.UnitTests;

/// <summary>Lines for a log or a terminal: who says them does not wait, and none is left out in silence.</summary>
public class LineQueueTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task LinesAreWrittenInOrder_AndAllOfThem_BeforeTheEnd()
    {
        var written = new List<string>();
        var queue = new LineQueue("test", line => written.Add(line.Line), workersWait: false, TimeProvider.System);
        for (var i = 0; i < 10_000; i++)
        {
            queue.Add(i % 2 == 0 ? LogLine.Of($"{i}") : Worker($"{i}"));
            await queue.RoomAsync().AsTask().WaitAsync(s_patience, TestContext.Current.CancellationToken);
        }

        await queue.DisposeAsync();
        Assert.True(queue.IsEmpty);
        Assert.Equal(Enumerable.Range(0, 10_000).Select(static i => $"{i}"), written);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AWriteThatIsHeld_HoldsUpNoSayer_AndWhatIsLeftOutIsCounted(bool workersWait)
    {
        using var begun = new SemaphoreSlim(0);
        using var released = new SemaphoreSlim(0);
        var written = new List<string>();
        var queue = new LineQueue("test", line =>
        {
            if (line.Line == "held")
            {
                begun.Release();
                released.Wait();
            }

            lock (written)
            {
                written.Add(line.Line);
            }
        }, workersWait, TimeProvider.System);
        queue.Add(LogLine.Of("held"));
        await begun.WaitAsync(s_patience, TestContext.Current.CancellationToken);

        // A worker's lines are taken while there is room. Then it waits; or, where it is not to, no longer than a write may take.
        var text = new string('x', 100_000);
        for (var i = 0; i < 1 + (LineQueue.MostWaiting / (2 * text.Length)); i++)
        {
            Assert.True(queue.RoomAsync().IsCompletedSuccessfully);
            queue.Add(Worker(text));
        }

        var room = queue.RoomAsync().AsTask();
        Assert.False(room.IsCompleted);
        await queue.WrittenAsync().WaitAsync(s_patience, TestContext.Current.CancellationToken);
        if (!workersWait)
        {
            await room.WaitAsync(s_patience, TestContext.Current.CancellationToken);
            queue.Add(Worker("left out"));
            queue.Add(Worker("left out"));
        }

        // What the application says itself has room beyond that, and has a bound, too.
        for (var i = 0; i < LineQueue.MostOwn / text.Length; i++)
        {
            queue.Add(LogLine.Of(new string('y', 4000)));
        }

        Assert.Equal(!workersWait, room.IsCompleted);
        Assert.Empty(written);
        released.Release();
        await room.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        await queue.DisposeAsync();
        Assert.True(queue.IsEmpty);
        Assert.Equal(workersWait ? 0 : 1, written.Count(static line => line == "2 lines were left out: what was said before could not be written for 2 s or more"));
        Assert.DoesNotContain("left out", written);
        Assert.Equal(LineQueue.MostOwn / text.Length, written.Count(static line => line[0] == 'y'));
    }

    [Fact]
    public async Task WhatIsHeldAtTheEnd_IsNotWaitedFor()
    {
        using var released = new SemaphoreSlim(0);
        var queue = new LineQueue("test", _ => released.Wait(), workersWait: true, TimeProvider.System);
        queue.Add(LogLine.Of("held"));
        await queue.DisposeAsync().AsTask().WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.False(queue.IsEmpty);
        released.Release();
    }

    [Fact]
    public async Task AWait_Ends_AlsoWhenTheTimeOfAWriteRunsOutBetweenTwoLooksAtTheClock()
    {
        using var released = new SemaphoreSlim(0);
        using var begun = new SemaphoreSlim(0);
        var time = new HurryingTime();
        var queue = new LineQueue("test", _ =>
        {
            begun.Release();
            released.Wait();
        }, workersWait: false, time);
        queue.Add(LogLine.Of("held"));
        await begun.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        time.Step = LineQueue.Patience - TimeSpan.FromMilliseconds(5);
        await queue.WrittenAsync().WaitAsync(s_patience, TestContext.Current.CancellationToken);
        released.Release();
        await queue.DisposeAsync();
    }

    private static LogLine Worker(string line) => new(DateTimeOffset.UnixEpoch, "worker", 0, 1, false, line);

    /// <summary>A clock that goes on by a step with each look.</summary>
    private sealed class HurryingTime : TimeProvider
    {
        private long _now;

        internal TimeSpan Step { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Add(ref _now, Step.Ticks);
    }
}
