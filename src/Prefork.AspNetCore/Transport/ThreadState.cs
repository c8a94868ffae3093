namespace Prefork.AspNetCore.Transport;

/// <summary>
/// What the application's code can leave behind on a thread of ours, put back as the thread pool does it between two work items: the execution
/// context (with it AsyncLocals, the culture, the current activity and principal), the synchronization context, priority, name, and whether
/// the process waits for the thread. Thread-static fields stay as they are, as in the pool.
/// </summary>
internal sealed class ThreadState
{
    private readonly Thread _thread = Thread.CurrentThread;
    private readonly ExecutionContext _context = ExecutionContext.Capture()!;
    private readonly string? _name = Thread.CurrentThread.Name;

    /// <summary>On the thread that it was made on. Looks first: a change costs more than a look, and hardly any code makes one.</summary>
    internal void Restore()
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
