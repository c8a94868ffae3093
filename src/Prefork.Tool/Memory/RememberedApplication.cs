using System.Text.Json.Serialization;

namespace Prefork.Tool.Memory;

/// <summary>What is remembered of an application that was started in the background: enough to start it again, and how it ended. With <c>list --all --json</c> just so, but for its environment.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Words">What <c>start</c> was told, for <c>run</c>.</param>
/// <param name="Folder">The folder that <c>start</c> was called in.</param>
/// <param name="Environment">The environment that it was called with, but for what belongs to a session.</param>
internal sealed record RememberedApplication(string Name, IReadOnlyList<string> Words, string Folder, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>The program's full path.</summary>
    public string? Program { get; init; }

    public DateTimeOffset Started { get; init; }

    public int ProcessId { get; init; }

    /// <summary>Of the system that it was started under (random/boot_id); another one now: the machine was restarted.</summary>
    public string? Boot { get; init; }

    /// <summary>Null while it runs, and when it ended without a word.</summary>
    public RememberedEnd? End { get; init; }
}

/// <summary>How an application ended.</summary>
/// <param name="Time">When; for one that ended without a word when it was last seen.</param>
/// <param name="Reason">Why.</param>
/// <param name="Asked">Whether it was told to stop.</param>
internal sealed record RememberedEnd(DateTimeOffset Time, string Reason, bool Asked);

/// <summary>As <c>list --all --json</c> shows it: nothing that may be a secret.</summary>
internal sealed record StoppedApplication(string Name, string? Program, string Folder, DateTimeOffset Started, int ProcessId, string Log, RememberedEnd End);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(RememberedApplication))]
internal sealed partial class MemoryJson : JsonSerializerContext;
