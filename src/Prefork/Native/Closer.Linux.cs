using System.Net.Sockets;

namespace Prefork.Native;

/// <summary>
/// Closes descriptors that another process has had. close(2) of the last copy may wait: for a client that does not read, as long as SO_LINGER says,
/// which is up to 18 hours; or for whatever stands behind a file. A loop, a dispatcher or an acceptor cannot afford that, so threads do it that do nothing else.
/// </summary>
/// <remarks>
/// Whoever's descriptors these are waits for his own: one thread at a time works for each closer.
/// A primary starts the threads when it starts.
/// In a worker there are none, and it closes at once: what it gets comes from its primary, which it trusts. There SO_LINGER stays as it is, for it is
/// the option of the primary's own socket, too.
/// If the process dies meanwhile, the kernel closes everything, and waits for nobody.
/// </remarks>
internal sealed class Closer
{
    private static readonly BlockingPool s_pool = new("prefork close", mostThreads: 64);

    private readonly Queue<Work> _queue = new();
    private bool _isWorkedFor;

    /// <summary>Whether this process has threads for it.</summary>
    internal static bool IsElsewhere => s_pool.IsStarted;

    /// <summary>From here on this process closes elsewhere.</summary>
    internal static void Start() => s_pool.Start();

    /// <summary>
    /// Takes ownership of what a peer has sent and nobody wants, which does not linger. <paramref name="closed"/> is called on any thread, when it is.
    /// </summary>
    internal void CloseForeign(FileDescriptor descriptor, Action? closed = null) => Close(new Work(descriptor, descriptor.Number, Lingers: false, closed));

    /// <summary>The same for a socket that workers share.</summary>
    internal void CloseForeign(Socket socket, Action closed) => Close(new Work(socket, (int)socket.Handle, Lingers: false, closed));

    /// <summary>Takes ownership of a copy of what a peer has been sent. Whether it lingers is left as it is.</summary>
    internal void CloseShared(FileDescriptor descriptor, Action? closed = null) => Close(new Work(descriptor, descriptor.Number, Lingers: true, closed));

    /// <summary>
    /// Closes this process's copy of a connection that a worker has been sent: here, for there are many of them (another thread cost Node workers a
    /// seventh of theirs), unless SO_LINGER is set. A worker that sets it, and closes its own copy, in the instant between the two calls holds up the caller.
    /// </summary>
    internal void CloseHandedOver(int connection, Action? closed = null)
    {
        if (SocketOption.Get(connection, Linux.SO_LINGER) is null or 0)
        {
            _ = Libc.Close(connection);
            closed?.Invoke();
        }
        else
        {
            CloseShared(new FileDescriptor(connection), closed);
        }
    }

    private void Close(Work work)
    {
        if (!IsElsewhere)
        {
            work.Close();
            return;
        }

        lock (_queue)
        {
            _queue.Enqueue(work);
            if (_isWorkedFor)
            {
                return;
            }

            _isWorkedFor = true;
        }

        s_pool.Run(CloseQueued);
    }

    private void CloseQueued()
    {
        while (TryTake(out var work))
        {
            work.DoNotLinger();
            work.Close();
        }
    }

    /// <summary>False when there is nothing more to do for it.</summary>
    private bool TryTake(out Work work)
    {
        lock (_queue)
        {
            return _isWorkedFor = _queue.TryDequeue(out work);
        }
    }

    /// <param name="Handle">Closed here, and nowhere else.</param>
    /// <param name="Number">Its descriptor.</param>
    /// <param name="Lingers">Whether SO_LINGER is somebody's wish.</param>
    /// <param name="Closed">What follows.</param>
    private readonly record struct Work(IDisposable Handle, int Number, bool Lingers, Action? Closed)
    {
        /// <summary>Its sender, if it still has a copy, may set it again, and the thread waits.</summary>
        internal unsafe void DoNotLinger()
        {
            if (!Lingers)
            {
                var off = stackalloc int[2];
                off[0] = off[1] = 0;
                _ = Libc.SetSockOpt(Number, Linux.SOL_SOCKET, Linux.SO_LINGER, off, 2 * sizeof(int));
            }
        }

        internal void Close()
        {
            Handle.Dispose();
            Closed?.Invoke();
        }
    }
}
