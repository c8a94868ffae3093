namespace Prefork.Supervision;

/// <summary>One version of the program, as it was read at one instant, and how it fares.</summary>
internal sealed class Generation(int number, ClusterSettings settings, CrashLoopBreaker breaker)
{
    internal int Number { get; } = number;

    internal ClusterSettings Settings { get; } = settings;

    internal CrashLoopBreaker Breaker { get; } = breaker;

    /// <summary>Whether one of its workers ever was in rotation.</summary>
    internal bool HasServed { get; set; }

    /// <summary>Workers that wait, ready and out of rotation, for a rollback to it.</summary>
    internal List<SupervisedWorker> Warm { get; } = [];
}
