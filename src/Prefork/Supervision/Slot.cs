namespace Prefork.Supervision;

/// <summary>A place for a worker, which its replacements keep.</summary>
internal sealed class Slot(int index, Backoff backoff)
{
    internal int Index { get; } = index;

    /// <summary>Begins anew with each generation.</summary>
    internal Backoff Backoff { get; set; } = backoff;

    /// <summary>Who serves from here, or is on its way to when nobody does.</summary>
    internal SupervisedWorker? Holder { get; set; }

    /// <summary>Not started again before, on the supervisor's clock.</summary>
    internal TimeSpan NotBefore { get; set; }

    /// <summary>Its worker has ended with a code that means "do not start me again".</summary>
    internal bool IsFinished { get; set; }

    /// <summary>Its last worker ended unplanned, and has not been replaced yet.</summary>
    internal bool HasLost { get; set; }

    /// <summary>Why the last worker that was to serve from here did not come to; null since one does.</summary>
    internal WorkerFailedException? Failure { get; set; }

    /// <summary>A reload has emptied it, and will fill it.</summary>
    internal bool IsReserved { get; set; }

    internal bool WantsWorker => Holder is null && !IsFinished && !IsReserved;
}
