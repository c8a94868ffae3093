namespace Prefork.Tool;

/// <summary>The command ends with this code, and says this.</summary>
internal sealed class CommandException(int exitCode, string message, Exception? why = null) : Exception(message, why)
{
    internal int ExitCode { get; } = exitCode;

    /// <summary>Lines below the message. A line break within one, or within the message, is somebody else's, and is spelled out.</summary>
    internal IReadOnlyList<string> More { get; init; } = [];

    /// <summary>What the worker that failed wrote, from the line on that says why.</summary>
    internal IReadOnlyList<string>? LastLines { get; init; }
}
