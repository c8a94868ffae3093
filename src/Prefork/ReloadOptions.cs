namespace Prefork;

/// <summary>How a reload goes about it.</summary>
public sealed class ReloadOptions
{
    /// <summary>In which order old workers go and new ones come.</summary>
    /// <remarks>Default: <see cref="ReloadMode.Rolling"/>.</remarks>
    public ReloadMode Mode { get; set; }

    /// <summary>How long one new worker serves beside the old ones before the others follow; zero for no canary. A failure of its within that time fails the reload.</summary>
    /// <remarks>Default: zero. At most 24 days.</remarks>
    public TimeSpan CanaryTime { get; set; }

    /// <summary>Which part of the connections the canary gets, above 0 and at most 1; 1 for what the policy gives it.</summary>
    /// <remarks>Default: 1. Without effect where workers accept by themselves.</remarks>
    public double CanaryShare { get; set; } = 1;

    /// <summary>Instead of <see cref="SupervisorOptions.WatchWindow"/>; null for that.</summary>
    /// <remarks>Default: null. At most 24 days.</remarks>
    public TimeSpan? WatchWindow { get; set; }

    /// <summary>Whether to wait for another operation that is under way, instead of being refused.</summary>
    /// <remarks>Default: false.</remarks>
    public bool Queue { get; set; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(CanaryTime, TimeSpan.Zero, nameof(CanaryTime));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CanaryTime, SupervisorOptions.LongestTime, nameof(CanaryTime));
        ArgumentOutOfRangeException.ThrowIfLessThan(WatchWindow ?? TimeSpan.Zero, TimeSpan.Zero, nameof(WatchWindow));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(WatchWindow ?? TimeSpan.Zero, SupervisorOptions.LongestTime, nameof(WatchWindow));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(CanaryShare, 0, nameof(CanaryShare));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CanaryShare, 1, nameof(CanaryShare));
        if (!Enum.IsDefined(Mode))
        {
            throw new ArgumentOutOfRangeException(nameof(Mode), Mode, "No such mode.");
        }
    }
}

/// <summary>In which order a reload replaces workers.</summary>
public enum ReloadMode
{
    /// <summary>
    /// One slot after the other: the new worker comes, the old one goes out of rotation, and stays, with the connections it has, until all new ones serve and the watch window is over.
    /// Up to twice as many processes for that long. When the reload fails, the old ones need only enter again.
    /// </summary>
    Rolling,

    /// <summary>The same, with all new workers started at once, and all entering at once.</summary>
    AllAtOnce,

    /// <summary>
    /// One slot after the other, the old worker first: never more processes than workers. One fewer serves meanwhile (with a single worker none: connections wait for the new one),
    /// and when the reload fails, old ones that are gone must be started again.
    /// </summary>
    WithinCount,
}
