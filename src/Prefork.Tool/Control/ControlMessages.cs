using System.Text.Json.Serialization;
using Prefork.Reporting;

namespace Prefork.Tool.Control;

/// <summary>
/// What a command asks of an application: one line of JSON. Its members have setters, so that what a request leaves out keeps its default: members that are
/// only initialised (<c>init</c>) are all assigned when they are deserialised by generated code, with the type's default where there is no value.
/// </summary>
internal sealed record ControlRequest(string Command)
{
    /// <summary>How many workers, for <c>scale</c>; a difference when <see cref="IsDifference"/>.</summary>
    public int Workers { get; set; }

    public bool IsDifference { get; set; }

    public ReloadMode Mode { get; set; }

    public double CanarySeconds { get; set; }

    public double CanaryShare { get; set; } = 1;

    public double? WatchSeconds { get; set; }

    public bool Queue { get; set; }

    /// <summary>For <c>status</c>: without what workers that ended wrote, which may be much.</summary>
    public bool Brief { get; set; }

    /// <summary>Whether it waits for its turn. Only one of the others is under way at a time: the next is refused, or calls it off.</summary>
    [JsonIgnore]
    public bool MayQueue => Queue || Command == "scale";
}

/// <summary>What it answers: any number of events, then one with <see cref="ExitCode"/>. A line of JSON each.</summary>
internal sealed record ControlReply
{
    public string? Event { get; init; }

    /// <summary>With an event: whether by it the operation that was asked for has begun.</summary>
    public bool? HasBegun { get; init; }

    public int? ExitCode { get; init; }

    public string? Message { get; init; }

    public IReadOnlyList<string>? LastLines { get; init; }

    public ApplicationStatus? Status { get; init; }

    /// <summary>What an application says is one line, whoever speaks for it. The rest is data, and is made plain where it is shown.</summary>
    internal ControlReply AsPlainText() => this with
    {
        Event = Event is null ? null : PlainText.Line(Event),
        Message = Message is null ? null : PlainText.Line(Message),
    };
}

/// <summary>An application as <c>list</c> and <c>describe</c> show it; with <c>--json</c> just so.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ProcessId">Its primary's.</param>
/// <param name="Log">The file that it writes to; null in the foreground.</param>
/// <param name="Configuration">Null without a file.</param>
/// <param name="Cluster">Its workers, and those before them.</param>
/// <param name="Addresses">Where it listens, in words: <c>127.0.0.1:8080</c>, <c>/run/shop.sock</c>, <c>udp 127.0.0.1:53</c>.</param>
internal sealed record ApplicationStatus(string Name, int ProcessId, string? Log, ConfigurationStatus? Configuration, SupervisorStatus Cluster, IReadOnlyList<string>? Addresses)
{
    /// <summary>For root: whose it is, if it is another user's.</summary>
    public string? User { get; init; }

    /// <summary>As commands take it.</summary>
    [JsonIgnore]
    public string FullName => User is null ? Name : $"{User}/{Name}";
}

/// <summary>How the configuration file on disk stands to what runs.</summary>
/// <param name="File">Its path.</param>
/// <param name="Changes">What a reload would change; none when it says what runs.</param>
/// <param name="Error">Why a reload would refuse it; null when it would not.</param>
internal sealed record ConfigurationStatus(string File, IReadOnlyList<string> Changes, string? Error);

/// <summary>What <c>top --json</c> says each time.</summary>
internal sealed record Tick(DateTimeOffset Time, IReadOnlyList<ApplicationStatus> Applications);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlReply))]
[JsonSerializable(typeof(IReadOnlyList<ApplicationStatus>))]
[JsonSerializable(typeof(Memory.StoppedApplication))]
[JsonSerializable(typeof(LogLine))]
[JsonSerializable(typeof(Tick))]
internal sealed partial class ControlJson : JsonSerializerContext;
