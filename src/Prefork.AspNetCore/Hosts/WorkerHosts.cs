namespace Prefork.AspNetCore.Hosts;

/// <summary>
/// What the hosts of a worker's process say to the primary together. A process is not a host: it may run several, one after another or at once,
/// with a server or without. Only hosts that have listeners of the cluster's count.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>The worker is ready when a host that listens has started, and every other one that listens by then has, too.</item>
/// <item>
/// It leaves when the last host that listens has stopped. A process that a signal has told to end leaves at once. Any other may go on to build its
/// next host, as a program does that begins anew with changed settings: it has <see cref="Patience"/> for that, or until it ends.
/// </item>
/// </list>
/// Any thread may call; nothing is awaited, and nobody is called back, under the lock but <see cref="WorkerVoice"/>, which only posts.
/// </remarks>
internal sealed class WorkerHosts
{
    /// <summary>How long a worker without a listener waits for the next host.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(24);

    private readonly Lock _lock = new();
    private readonly HashSet<WorkerHost> _listening = [];
    private readonly WorkerVoice _worker;
    private readonly ITimer _timer;
    private bool _hasListened;
    private bool _waits;
    private bool _isTold;
    private string? _whyLeft;

    internal WorkerHosts(WorkerVoice worker, TimeProvider time)
    {
        _worker = worker;
        _timer = time.CreateTimer(static self => ((WorkerHosts)self!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether the worker has left although its primary did not ask for it.</summary>
    internal bool HasLeft
    {
        get
        {
            lock (_lock)
            {
                return _whyLeft is not null;
            }
        }
    }

    /// <summary>A host is about to listen; what comes of it is told by <see cref="Opened"/> or <see cref="NotOpened"/>.</summary>
    /// <exception cref="InvalidOperationException">It is too late: the worker has left.</exception>
    internal void BeforeListening()
    {
        lock (_lock)
        {
            if (_whyLeft is not null)
            {
                throw new InvalidOperationException(
                    $"This worker has left its cluster, because {_whyLeft}. No further host of this process can listen. Let the process end: the primary can start another one.");
            }

            StopWaiting();

            // Later than this, the primary might take a listener for a ready worker.
            _worker.ExpectReady();
        }
    }

    internal void Opened(WorkerHost host)
    {
        lock (_lock)
        {
            host.Listeners++;
            _hasListened = true;
            _listening.Add(host);

            // Another may have closed, and the wait begun, since this one was about to listen.
            if (!host.IsStopping)
            {
                StopWaiting();
            }
        }
    }

    internal void NotOpened()
    {
        lock (_lock)
        {
            LeaveOrWaitIfNobodyServes();
        }
    }

    /// <summary>A listener is closed, and with it its connections.</summary>
    internal void Closed(WorkerHost host)
    {
        lock (_lock)
        {
            if (--host.Listeners == 0)
            {
                _listening.Remove(host);
            }

            SayReadyIfAllAre();
            LeaveOrWaitIfNobodyServes();
        }
    }

    /// <summary>Whether the host has listeners, and so a say.</summary>
    internal bool Listens(WorkerHost host)
    {
        lock (_lock)
        {
            return host.Listeners > 0;
        }
    }

    /// <summary>The host has started, and whatever it waits for is there.</summary>
    internal void Ready(WorkerHost host)
    {
        lock (_lock)
        {
            host.IsReady = true;
            SayReadyIfAllAre();
        }
    }

    /// <summary>The host begins to stop.</summary>
    /// <param name="host">The host.</param>
    /// <param name="time">How long its stop may take: one that takes longer has a worker without a server.</param>
    /// <returns>Whether the worker leaves by it, or is leaving anyway; if not, only this host ends.</returns>
    internal bool Stopping(WorkerHost host, TimeSpan time)
    {
        lock (_lock)
        {
            host.IsStopping = true;
            host.StopTime = time;
            LeaveOrWaitIfNobodyServes();
            return _whyLeft is not null || _worker.IsLeaving();
        }
    }

    /// <summary>Whether no host will come in the place of this one: others of this process listen and go on, or the process has been told to end.</summary>
    internal bool GoOnWithout(WorkerHost host)
    {
        lock (_lock)
        {
            return _isTold || _listening.Any(other => other != host && !other.IsStopping);
        }
    }

    /// <summary>A signal has told the process to end: the last host that stops is not followed by another.</summary>
    internal void TellToEnd()
    {
        lock (_lock)
        {
            _isTold = true;
            if (_waits)
            {
                LeaveOrWaitIfNobodyServes();
            }
        }
    }

    /// <summary>The process ends. True if the worker leaves by that, or has begun to leave.</summary>
    internal bool ProcessEnds()
    {
        lock (_lock)
        {
            if (_waits)
            {
                Leave("its process ends");
            }

            return _whyLeft is not null;
        }
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            if (_waits)
            {
                Leave($"no host of its process listened any more, for {Patience.TotalSeconds} seconds");
            }
        }
    }

    private void SayReadyIfAllAre()
    {
        if (_listening.Any(static host => host.IsReady) && _listening.All(static host => host.IsReady || host.IsStopping))
        {
            _worker.SetReady();
        }
    }

    private void LeaveOrWaitIfNobodyServes()
    {
        if (!_hasListened || _whyLeft is not null || _worker.IsLeaving() || _listening.Any(static host => !host.IsStopping))
        {
            return;
        }

        if (_isTold)
        {
            Leave("a signal told its process to end, and its last host stopped");
            return;
        }

        _waits = true;
        _timer.Change(TimeToWait(), Timeout.InfiniteTimeSpan);
    }

    /// <summary>A host that stops closes its listeners at the end; one whose stop hangs never does.</summary>
    private TimeSpan TimeToWait()
    {
        var time = Patience;
        foreach (var host in _listening)
        {
            if (host.StopTime == Timeout.InfiniteTimeSpan)
            {
                return Timeout.InfiniteTimeSpan;
            }

            time = host.StopTime > time - Patience ? host.StopTime + Patience : time;
        }

        return time < LongestTimer ? time : LongestTimer;
    }

    private void Leave(string why)
    {
        StopWaiting();
        _whyLeft = why;
        _worker.Leave();
    }

    private void StopWaiting()
    {
        _waits = false;
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
