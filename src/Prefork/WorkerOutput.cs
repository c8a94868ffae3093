namespace Prefork;

/// <summary>A line that a worker wrote.</summary>
/// <param name="Worker">Which worker.</param>
/// <param name="Slot">Its slot.</param>
/// <param name="IsError">Whether to standard error.</param>
/// <param name="Line">The line, without its end. One that is longer than <see cref="SupervisorOptions.MaxOutputLine"/> is cut there, with a mark.</param>
public readonly record struct WorkerOutput(WorkerProcess Worker, int Slot, bool IsError, string Line)
{
    /// <summary>What it wrote, when that is no UTF-8: <see cref="Line"/> has U+FFFD in the place of what is none. Null otherwise.</summary>
    internal byte[]? Bytes { get; init; }
}
