namespace Prefork.AspNetCore;

/// <summary>What <see cref="ClusterHostOptions.StartupChecks"/> looks for. <c>docs/one-becomes-many.md</c> has each with its remedy.</summary>
[Flags]
public enum ClusterStartupChecks
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Keys of Data Protection that each worker makes for itself, or that the next release cannot use.</summary>
    DataProtection = 1,

    /// <summary>Every worker's garbage collector counts on all of the memory.</summary>
    GarbageCollector = 2,

    /// <summary>Sessions, or a distributed cache, in the memory of each worker.</summary>
    InMemoryState = 4,

    /// <summary>SignalR hubs, Blazor's among them, whose clients need to come back to one worker.</summary>
    SignalR = 8,

    /// <summary>A database in a file (SQLite, LiteDB).</summary>
    EmbeddedDatabase = 16,

    /// <summary>Files that several processes of the cluster have open for writing: logs, as a rule.</summary>
    SharedFiles = 32,

    /// <summary>All of them.</summary>
    All = DataProtection | GarbageCollector | InMemoryState | SignalR | EmbeddedDatabase | SharedFiles,
}
