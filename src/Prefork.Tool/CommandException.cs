namespace Prefork.Tool;

/// <summary>The command ends with this code, and says this.</summary>
internal sealed class CommandException(int exitCode, string message) : Exception(message)
{
    internal int ExitCode { get; } = exitCode;
}
