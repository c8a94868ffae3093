namespace Prefork.Tool;

/// <summary>What <c>prefork run</c> or <c>start</c> was told.</summary>
internal sealed class RunOptions
{
    internal required string Program { get; init; }

    internal required IReadOnlyList<string> Arguments { get; init; }

    internal required int Workers { get; init; }

    internal required string? WorkingDirectory { get; init; }

    internal required IReadOnlyDictionary<string, string?> Environment { get; init; }

    /// <summary>Null: what the environment says, or round robin.</summary>
    internal required SchedulingPolicy? Policy { get; init; }

    internal required TimeSpan BootTimeout { get; init; }

    /// <summary>Null: the program's file name.</summary>
    internal string? Name { get; init; }

    internal HealthGate? HealthGate { get; init; }

    internal TimeSpan? StopTimeout { get; init; }

    internal TimeSpan? WatchWindow { get; init; }

    internal TimeSpan? MaxAge { get; init; }

    internal long? MaxMemory { get; init; }

    internal long? MaxRequests { get; init; }

    internal bool KeepWarm { get; init; }

    /// <summary>Without a terminal: what it and its workers say goes to a file.</summary>
    internal bool IsBackground { get; init; }
}
