namespace Prefork.Native;

/// <summary>Threads for calls that may wait for somebody else: for a file system, or for a client. A loop, a dispatcher or an acceptor cannot afford that.</summary>
/// <remarks>
/// The first thread is there from the start: .NET ends a process that has no descriptor free for a new one. More are added while all are busy, and only
/// when there is a descriptor left. When all are busy and no more may be added, work waits for the first that is free.
/// </remarks>
internal sealed class BlockingPool(string name, int mostThreads)
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly Queue<Action> _waiting = new();
    private WakeEvent? _sample;
    private int _threads;
    private int _idle;

    internal bool IsStarted => Volatile.Read(ref _threads) > 0;

    internal void Start()
    {
        lock (_lock)
        {
            if (_threads == 0)
            {
                _sample = new WakeEvent();
                AddThread();
            }
        }
    }

    /// <summary>Runs <paramref name="work"/>, which throws nothing, on one of the threads. The pool must have been started.</summary>
    internal void Run(Action work)
    {
        lock (_lock)
        {
            _waiting.Enqueue(work);
            _work.Release();
            if (_waiting.Count > _idle && _threads < mostThreads && DescriptorHeadroom.Has(_sample!.Descriptor))
            {
                AddThread();
            }
        }
    }

    private void AddThread()
    {
        try
        {
            new Thread(Run) { IsBackground = true, Name = name }.UnsafeStart();
            _threads++;
            _idle++;
        }
        catch (OutOfMemoryException) when (_threads > 0)
        {
            // The system has no thread left. Those that there are go on.
        }
    }

    private void Run()
    {
        while (true)
        {
            _work.Wait();
            Action work;
            lock (_lock)
            {
                work = _waiting.Dequeue();
                _idle--;
            }

            work();
            lock (_lock)
            {
                _idle++;
            }
        }
    }
}
