using Prefork.Native;

namespace Prefork.Supervision;

/// <summary>One version of the program and of the options, as they were read at one instant, and how it fares.</summary>
/// <param name="number">Its number.</param>
/// <param name="settings">What to start.</param>
/// <param name="options">How to treat it.</param>
/// <param name="starts">Where it is started.</param>
internal sealed class Generation(int number, ClusterSettings settings, SupervisorOptions options, WaitingThreads starts)
{
    /// <summary>At once. A program on a file system that does not answer keeps its thread, and takes none from other generations.</summary>
    internal const int MostStarts = 4;

    internal int Number { get; } = number;

    internal ClusterSettings Settings { get; } = settings;

    /// <summary>Where its workers are started. A restart of the same program starts them there, too.</summary>
    internal WaitingThreads Starts { get; } = starts;

    /// <summary>How its workers are treated; and, as long as it is the one that serves, the cluster. Not changed any more.</summary>
    internal SupervisorOptions Options { get; } = options;

    internal CrashLoopBreaker Breaker { get; } = new(options.BreakerFailures, options.BreakerWindow, options.MaxRestartDelay);

    /// <summary>Whether one of its workers ever was in rotation.</summary>
    internal bool HasServed { get; set; }

    /// <summary>For workers of it that are kept warm.</summary>
    internal Backoff WarmBackoff { get; } = new(options.RestartDelay, options.MaxRestartDelay, options.MinUptime, Random.Shared);

    /// <summary>None is started to be kept warm before, on the supervisor's clock.</summary>
    internal TimeSpan WarmNotBefore { get; set; }
}
