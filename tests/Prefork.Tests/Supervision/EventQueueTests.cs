using Prefork.Supervision;

namespace Prefork.Tests.Supervision;

/// <summary>What a supervisor tells: in order, and whoever hears it holds up nobody.</summary>
public class EventQueueTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task EventsAreHandledInOrder_OneAtATime_InTheirFlow()
    {
        var flow = new AsyncLocal<int>();
        var heard = new List<(string Message, int Flow)>();
        var running = 0;
        var queue = Queue(args =>
        {
            Assert.Equal(1, Interlocked.Increment(ref running));
            heard.Add((args.Message, flow.Value));
            Interlocked.Decrement(ref running);
        });
        for (var i = 0; i < 1000; i++)
        {
            flow.Value = i;
            queue.Add(Event($"{i}"));
        }

        await queue.HandledAsync().WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(0, 1000).Select(static i => ($"{i}", i)), heard);
    }

    [Fact]
    public async Task AHandlerThatWaits_HoldsUpNoSayer_AndWhatIsTooMuchIsCountedInItsPlace()
    {
        using var begun = new SemaphoreSlim(0);
        using var released = new SemaphoreSlim(0);
        using var leftOut = new SemaphoreSlim(0);
        var heard = new List<string>();
        var queue = Queue(args =>
        {
            lock (heard)
            {
                heard.Add(args.Message);
            }

            if (args.Message == "first")
            {
                begun.Release();
                released.Wait();
            }
            else if (args.Message == "left out: 7")
            {
                leftOut.Release();
            }
        });
        queue.Add(Event("first"));
        await begun.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        for (var i = 0; i < EventQueue.MostWaiting + 7; i++)
        {
            queue.Add(Event($"{i}"));
        }

        // An operation ends all the same.
        await queue.HandledAsync().WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal(["first"], heard);
        released.Release();
        await leftOut.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        queue.Add(Event("last"));
        await queue.HandledAsync().WaitAsync(s_patience, TestContext.Current.CancellationToken);
        lock (heard)
        {
            Assert.Equal(["first", .. Enumerable.Range(0, EventQueue.MostWaiting).Select(static i => $"{i}"), "left out: 7", "last"], heard);
        }
    }

    private static EventQueue Queue(Action<SupervisorEventArgs> handle) => new(handle, static count => Event($"left out: {count}"), TimeProvider.System);

    private static SupervisorEventArgs Event(string message) => new(SupervisorEventKind.Notice, message, null, null);
}
