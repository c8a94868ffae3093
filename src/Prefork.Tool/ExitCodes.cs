namespace Prefork.Tool;

/// <summary>What the command's exit code means: docs/command.md.</summary>
internal static class ExitCodes
{
    internal const int Success = 0;

    /// <summary>The program did not work as a cluster.</summary>
    internal const int Failed = 1;

    /// <summary>The command line, or the program it names, cannot be used; nothing was started.</summary>
    internal const int Usage = 2;
}
