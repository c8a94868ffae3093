using Prefork.Native;
using Prefork.Supervision;

namespace Prefork.Tests.Supervision;

/// <summary>What is to come is read with a deadline, and what goes wrong is told as what it is.</summary>
public class ReadingTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task ATimeoutOfTheUsersCode_IsItsOwn()
    {
        var thrown = new TimeoutException("the database was not there within 3 s");
        Assert.Same(thrown, await Assert.ThrowsAsync<TimeoutException>(() => Begin().CallAsync<int>(() => throw thrown, s_patience)));
    }

    [Fact]
    public async Task ACallThatDoesNotReturn_IsToldAsThat()
    {
        using var released = new SemaphoreSlim(0);
        var failure = await Assert.ThrowsAsync<TimeoutException>(() => Begin().CallAsync(() => released.Wait(s_patience), TimeSpan.FromMilliseconds(50)));
        released.Release();
        Assert.StartsWith("What is to be launched could not be read within 0.05 s", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AReadingThatIsCalledOff_EndsWithThat_WhateverTheCallThrowsThen()
    {
        using var begun = new SemaphoreSlim(0);
        using var released = new SemaphoreSlim(0);
        var reading = Begin();
        var call = reading.CallAsync<int>(
            () =>
            {
                begun.Release();
                released.Wait(s_patience);
                throw new TimeoutException("late");
            },
            s_patience);
        await begun.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        reading.CallOff("it was called off.");
        var failure = await Assert.ThrowsAsync<OperationCanceledException>(() => call.WaitAsync(s_patience, TestContext.Current.CancellationToken));
        released.Release();
        Assert.Equal("it was called off.", failure.Message);
        await Assert.ThrowsAsync<OperationCanceledException>(() => reading.CallAsync(static () => 1, s_patience));
    }

    /// <summary>Recycling says that its rules are slow when they are, and not when there is no timer to tell by.</summary>
    [Fact]
    public async Task ADelayThatCannotBeMade_IsNotOneThatIsOver()
    {
        var look = new TaskCompletionSource();
        Assert.False(await Supervisor.OutlastsAsync(look.Task, Task.FromException(new OutOfMemoryException())));
        Assert.True(await Supervisor.OutlastsAsync(look.Task, Task.CompletedTask));
        look.SetResult();
        Assert.False(await Supervisor.OutlastsAsync(look.Task, Task.CompletedTask));
    }

    private static Reading Begin()
    {
        var pool = new BlockingPool("test", 2);
        pool.Start();
        return new Reading(new WaitingThreads(pool, 2));
    }
}
