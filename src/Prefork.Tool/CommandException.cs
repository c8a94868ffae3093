namespace Prefork.Tool;

/// <summary>The command ends with this code, and says this.</summary>
internal sealed class CommandException(int exitCode, string message, Exception? why = null) : Exception(message, why)
{
    internal int ExitCode { get; } = exitCode;

    /// <summary>What the worker that failed wrote, from the line on that says why.</summary>
    internal IReadOnlyList<string>? LastLines { get; init; }
}
