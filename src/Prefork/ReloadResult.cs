namespace Prefork;

/// <summary>How a reload, a rollback or a restart came out.</summary>
/// <param name="Succeeded">Whether the new generation serves. If not, the old one does, as before.</param>
/// <param name="Generation">The generation that serves now.</param>
/// <param name="Message">What happened, in a sentence.</param>
/// <param name="Failure">The end of the worker that failed it; null when none did.</param>
/// <param name="Duration">How long it took.</param>
public sealed record ReloadResult(bool Succeeded, int Generation, string Message, WorkerEnding? Failure, TimeSpan Duration)
{
    /// <summary>Why it never began: what the program or the options to come threw. Null otherwise.</summary>
    internal Exception? Refusal { get; init; }
}
