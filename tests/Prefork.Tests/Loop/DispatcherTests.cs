using Prefork.Loop;

namespace Prefork.Tests.Loop;

/// <summary>Handlers of the user's run on the loop's threads, and leave nothing behind on them.</summary>
public sealed class DispatcherTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly EventLoop _loop = new("test loop");
    private readonly Dispatcher _dispatcher;

    public DispatcherTests() => _dispatcher = new Dispatcher(_loop);

    public void Dispose() => _loop.Dispose();

    /// <summary>Also when the loop has been taken from the thread meanwhile: then what is queued runs behind the handler all the same.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatAHandlerChangesOfItsThread_TheNextOneDoesNotSee(bool losesTheLoop)
    {
        var seen = new TaskCompletionSource<(int Thread, string State)>(TaskCreationOptions.RunContinuationsAsynchronously);
        var spoilt = 0;
        using var turns = new ManualResetEventSlim();

        // From the loop itself, so that both are handlers of one turn.
        _loop.Post(() =>
        {
            _dispatcher.Post(() =>
            {
                if (losesTheLoop)
                {
                    _loop.Post(turns.Set);
                    turns.Wait(s_patience);
                }

                spoilt = Environment.CurrentManagedThreadId;
                ThreadTraces.Leave();
            });
            _dispatcher.Post(() => seen.SetResult((Environment.CurrentManagedThreadId, $"{Thread.CurrentThread.Name}, {ThreadTraces.Look()}")));
        });
        var (thread, state) = await seen.Task.WaitAsync(s_patience);
        Assert.Equal(spoilt, thread);
        Assert.Equal($"test loop, {ThreadTraces.None}", state);
    }

    [Fact]
    public async Task AHandlersThreadThatIsInterruptedLater_GoesOn()
    {
        Thread? kept = null;
        using var turns = new ManualResetEventSlim();
        _dispatcher.Post(() =>
        {
            // Another thread has the loop when this returns.
            kept = Thread.CurrentThread;
            _loop.Post(turns.Set);
            turns.Wait(s_patience);
        });
        await HandleAsync();
        SpinWait.SpinUntil(() => kept!.ThreadState.HasFlag(ThreadState.WaitSleepJoin), s_patience);
        kept!.Interrupt();
        for (var i = 0; i < 10; i++)
        {
            await HandleAsync();
        }

        Assert.True(kept.IsAlive);
    }

    private async Task HandleAsync()
    {
        var handled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _dispatcher.Post(handled.SetResult);
        await handled.Task.WaitAsync(s_patience);
    }
}
