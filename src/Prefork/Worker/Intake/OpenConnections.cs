using Prefork.Handoff;

namespace Prefork.Worker.Intake;

/// <summary>How many of a listener's connections are open in this worker; told to the scoreboard, and to whoever waits for none.</summary>
internal sealed class OpenConnections(ScoreboardPage? page)
{
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One more than there are, until the listener closes: no connection can come after.
    private int _count = 1;

    internal Task Drained => _drained.Task;

    internal void Add()
    {
        Interlocked.Increment(ref _count);
        page?.AddOpen(1);
    }

    internal void Remove()
    {
        page?.AddOpen(-1);
        Release();
    }

    internal void CloseListener() => Release();

    private void Release()
    {
        if (Interlocked.Decrement(ref _count) == 0)
        {
            _drained.TrySetResult();
        }
    }
}
