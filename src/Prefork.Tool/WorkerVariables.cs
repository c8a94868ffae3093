namespace Prefork.Tool;

/// <summary>What the command adds to the environment of its workers.</summary>
internal static class WorkerVariables
{
    private const string Hooks = "DOTNET_STARTUP_HOOKS";

    /// <param name="target">The program.</param>
    /// <param name="given">What the user gives; null as a value takes a variable away.</param>
    /// <param name="isOnTerminal">Whether what workers write is seen on a terminal.</param>
    internal static Dictionary<string, string?> For(Target target, IReadOnlyDictionary<string, string?> given, bool isOnTerminal)
    {
        var variables = new Dictionary<string, string?>(given);
        if (target.Kind == TargetKind.Managed)
        {
            var others = variables.TryGetValue(Hooks, out var hooks) ? hooks : Environment.GetEnvironmentVariable(Hooks);
            var hook = Installation.Find("hook/Prefork.Hook.dll");
            variables[Hooks] = string.IsNullOrEmpty(others) ? hook : $"{hook}{Path.PathSeparator}{others}";
        }

        if (isOnTerminal)
        {
            // Their output goes through us, and ends on a terminal all the same. What they start themselves gets it too, and may be read by a program:
            // so to each only what it understands.
            variables.TryAdd(target.Kind == TargetKind.NodeScript ? "FORCE_COLOR" : "DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION", "1");
        }

        return variables;
    }
}
