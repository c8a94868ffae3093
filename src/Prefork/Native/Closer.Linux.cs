namespace Prefork.Native;

/// <summary>
/// Closes descriptors that another process has had. close(2) of the last copy may wait: for a client that does not read, as long as SO_LINGER says,
/// which is up to 18 hours; or for whatever stands behind a file. A loop, a dispatcher or an acceptor cannot afford that, so threads do it that do nothing else.
/// </summary>
/// <remarks>
/// A primary starts the first thread when it starts: .NET ends a process that has no descriptor free for a new one. More are added while all are busy.
/// In a worker there are none, and it closes at once: what it gets comes from its primary, which it trusts.
/// If the process dies meanwhile, the kernel closes everything, and waits for nobody.
/// </remarks>
internal static class Closer
{
    private const int MostThreads = 4;

    private static readonly Lock s_lock = new();
    private static readonly SemaphoreSlim s_work = new(0);
    private static readonly Queue<Work> s_queue = new();
    private static int s_threads;
    private static int s_idle;

    /// <summary>From here on this process closes elsewhere.</summary>
    internal static void Start()
    {
        lock (s_lock)
        {
            if (s_threads == 0)
            {
                AddThread();
            }
        }
    }

    /// <summary>Takes ownership of what a peer has sent and nobody wants. <paramref name="closed"/> is called on any thread, when it is.</summary>
    internal static void CloseForeign(FileDescriptor descriptor, Action? closed = null) => Close(new Work(descriptor, LingersOn: false, closed));

    /// <summary>Takes ownership of a copy of what a peer has been sent. Whether it lingers is left as it is.</summary>
    internal static void CloseShared(FileDescriptor descriptor) => Close(new Work(descriptor, LingersOn: true, null));

    /// <summary>
    /// Closes this process's copy of a connection that a worker has: here, for there are many of them, unless SO_LINGER is set. A worker that sets it,
    /// and closes its own copy, in the instant between the two calls holds up the caller; it cannot know when that is.
    /// </summary>
    internal static void CloseHandedOver(int connection)
    {
        if (PassedSocket.Option(connection, Linux.SO_LINGER) is null or 0)
        {
            _ = Libc.Close(connection);
        }
        else
        {
            CloseShared(new FileDescriptor(connection));
        }
    }

    private static void Close(Work work)
    {
        lock (s_lock)
        {
            if (s_threads > 0)
            {
                s_queue.Enqueue(work);
                s_work.Release();
                if (s_queue.Count > s_idle && s_threads < MostThreads && DescriptorHeadroom.Has(work.Descriptor))
                {
                    AddThread();
                }

                return;
            }
        }

        work.Run();
    }

    private static void AddThread()
    {
        try
        {
            new Thread(Run) { IsBackground = true, Name = "prefork close" }.UnsafeStart();
            s_threads++;
            s_idle++;
        }
        catch (OutOfMemoryException) when (s_threads > 0)
        {
            // The system has no thread left. Those that there are go on.
        }
    }

    private static void Run()
    {
        while (true)
        {
            s_work.Wait();
            Work work;
            lock (s_lock)
            {
                work = s_queue.Dequeue();
                s_idle--;
            }

            work.Run();
            lock (s_lock)
            {
                s_idle++;
            }
        }
    }

    /// <param name="Descriptor">Closed here, and nowhere else.</param>
    /// <param name="LingersOn">Whether SO_LINGER is somebody's wish. Otherwise it is taken off; its sender, if it still has a copy, may set it again, and the thread waits.</param>
    /// <param name="Closed">What follows.</param>
    private readonly record struct Work(FileDescriptor Descriptor, bool LingersOn, Action? Closed)
    {
        internal unsafe void Run()
        {
            if (!LingersOn)
            {
                var off = stackalloc int[2];
                off[0] = off[1] = 0;
                _ = Libc.SetSockOpt(Descriptor.Number, Linux.SOL_SOCKET, Linux.SO_LINGER, off, 2 * sizeof(int));
            }

            Descriptor.Dispose();
            Closed?.Invoke();
        }
    }
}
