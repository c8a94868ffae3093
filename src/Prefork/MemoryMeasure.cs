namespace Prefork;

/// <summary>What counts as a worker's memory.</summary>
public enum MemoryMeasure
{
    /// <summary>RSS: all that it has in memory, with what it shares. Cheap to read.</summary>
    Resident,

    /// <summary>PSS: what it shares counts by its part. Reading it takes the kernel some milliseconds a worker.</summary>
    Proportional,
}
