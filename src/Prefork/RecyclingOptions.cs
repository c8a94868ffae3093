namespace Prefork;

/// <summary>
/// When workers that work are replaced: one at a time, each by a new one that is ready first, and drained. Looked at once a second.
/// </summary>
public sealed class RecyclingOptions
{
    /// <summary>Most memory of a worker, in bytes; null for no limit.</summary>
    public long? MaxMemory { get; set; }

    /// <summary>Which memory counts.</summary>
    /// <remarks>Default: <see cref="MemoryMeasure.Resident"/>.</remarks>
    public MemoryMeasure MemoryMeasure { get; set; }

    /// <summary>How old a worker may get; null for no limit.</summary>
    public TimeSpan? MaxAge { get; set; }

    /// <summary>How many requests a worker may serve (<see cref="WorkerProcess.Requests"/>); null for no limit. Without effect on workers of which they are not known.</summary>
    public long? MaxRequests { get; set; }

    /// <summary>The next time, after the given one, at which all workers are to be replaced, such as a cron library's next occurrence; null from it for never.</summary>
    public Func<DateTimeOffset, DateTimeOffset?>? Schedule { get; set; }

    /// <summary>A file: when it comes to be, or is written again, all workers are replaced; null for none.</summary>
    public string? TriggerFile { get; set; }

    /// <summary>By what part <see cref="MaxAge"/> and <see cref="MaxRequests"/> are lowered at most, by chance for each worker, so that those that began together do not end together.</summary>
    /// <remarks>Default: 0.1.</remarks>
    public double Jitter { get; set; } = 0.1;

    internal RecyclingOptions Clone() => (RecyclingOptions)MemberwiseClone();

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxMemory ?? 1, 1, nameof(MaxMemory));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRequests ?? 1, 1, nameof(MaxRequests));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(MaxAge ?? TimeSpan.MaxValue, TimeSpan.Zero, nameof(MaxAge));
        ArgumentOutOfRangeException.ThrowIfLessThan(Jitter, 0, nameof(Jitter));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Jitter, 1, nameof(Jitter));
    }
}
