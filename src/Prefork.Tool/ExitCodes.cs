namespace Prefork.Tool;

/// <summary>What the command's exit code means: docs/command.md.</summary>
internal static class ExitCodes
{
    internal const int Success = 0;

    /// <summary>The program did not work as a cluster, or the operation failed.</summary>
    internal const int Failed = 1;

    /// <summary>The command line, or the program it names, cannot be used; nothing was started.</summary>
    internal const int Usage = 2;

    /// <summary>No application of that name runs.</summary>
    internal const int NotRunning = 3;

    /// <summary>One of that name runs already, or is at something else.</summary>
    internal const int Busy = 4;
}
