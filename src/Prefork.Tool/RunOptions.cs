namespace Prefork.Tool;

/// <summary>What <c>prefork run</c> was told.</summary>
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
}
