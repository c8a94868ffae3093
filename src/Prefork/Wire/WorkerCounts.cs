namespace Prefork.Wire;

/// <summary>
/// What a Node worker says of itself, with the file that the <c>prefork</c> command loads into it; a .NET worker has a scoreboard for it.
/// One that lies here has other numbers shown, and may be recycled sooner or later.
/// </summary>
internal sealed record WorkerCounts(long? Requests, long? Connections)
{
    internal const string Act = "counts";

    internal static WorkerCounts From(PreforkFrame frame) => new(NotNegative(frame.Requests), NotNegative(frame.Connections));

    private static long? NotNegative(long? number) => number is { } value ? Math.Max(0, value) : null;
}
