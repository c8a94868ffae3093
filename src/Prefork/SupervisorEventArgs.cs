namespace Prefork;

/// <summary>Something that a supervisor has done, or seen.</summary>
public sealed class SupervisorEventArgs : EventArgs
{
    internal SupervisorEventArgs(SupervisorEventKind kind, string message, WorkerProcess? worker, WorkerEnding? ending)
    {
        Kind = kind;
        Message = message;
        Worker = worker;
        Ending = ending;
    }

    /// <summary>What.</summary>
    public SupervisorEventKind Kind { get; }

    /// <summary>The same in a sentence, for people.</summary>
    public string Message { get; }

    /// <summary>The worker that it is about; null when it is about none.</summary>
    public WorkerProcess? Worker { get; }

    /// <summary>With <see cref="SupervisorEventKind.WorkerEnded"/>: how and why.</summary>
    public WorkerEnding? Ending { get; }
}

/// <summary>What a supervisor does and sees.</summary>
public enum SupervisorEventKind
{
    /// <summary>A worker has been forked.</summary>
    WorkerStarted,

    /// <summary>A worker has entered rotation.</summary>
    WorkerServes,

    /// <summary>A worker has been told to leave.</summary>
    WorkerDrains,

    /// <summary>A worker has ended.</summary>
    WorkerEnded,

    /// <summary>A worker was not ready in time, did not pass its gate, or hangs.</summary>
    WorkerFailed,

    /// <summary>A worker is due for recycling.</summary>
    WorkerRecycles,

    /// <summary>The cluster is degraded, or no more.</summary>
    BreakerChanged,

    /// <summary>A reload, rollback, restart or scaling has begun.</summary>
    OperationBegan,

    /// <summary>It has ended; the message says how.</summary>
    OperationEnded,

    /// <summary>Something else that somebody should know.</summary>
    Notice,
}
