namespace Prefork.Loop;

/// <summary>
/// A thread of ours that runs the user's handlers, one after another. What one of them changes of it the next one does not see: as the thread pool
/// does between two work items, the execution context (with it AsyncLocals and the culture), synchronization context, priority, name and
/// background state are put back. Thread-static fields are not, nor does the pool.
/// </summary>
internal sealed class HandlerThread
{
    private readonly Thread _thread = Thread.CurrentThread;
    private readonly ExecutionContext _context = ExecutionContext.Capture()!;
    private readonly string? _name = Thread.CurrentThread.Name;

    /// <summary>On the thread that it was made on. A look costs nanoseconds; hardly any handler changes something.</summary>
    internal void PutBack()
    {
        ExecutionContext.Restore(_context);
        if (SynchronizationContext.Current is not null)
        {
            SynchronizationContext.SetSynchronizationContext(null);
        }

        if (_thread.Priority != ThreadPriority.Normal)
        {
            _thread.Priority = ThreadPriority.Normal;
        }

        if (!_thread.IsBackground)
        {
            _thread.IsBackground = true;
        }

        if (!ReferenceEquals(_thread.Name, _name))
        {
            _thread.Name = _name;
        }
    }
}
