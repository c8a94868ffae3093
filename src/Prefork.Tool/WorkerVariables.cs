namespace Prefork.Tool;

/// <summary>What the command adds to the environment of its workers.</summary>
internal static class WorkerVariables
{
    private const string Hooks = "DOTNET_STARTUP_HOOKS";

    internal static Dictionary<string, string?> For(Target target, RunOptions options)
    {
        var variables = new Dictionary<string, string?>(options.Environment);
        if (target.Kind == TargetKind.Managed)
        {
            var others = variables.GetValueOrDefault(Hooks) ?? Environment.GetEnvironmentVariable(Hooks);
            variables[Hooks] = string.IsNullOrEmpty(others) ? Hook : $"{Hook}{Path.PathSeparator}{others}";
        }

        if (!Console.IsOutputRedirected && !options.IsBackground)
        {
            // Their output goes through us, and ends on a terminal all the same.
            variables.TryAdd("DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION", "1");
            variables.TryAdd("FORCE_COLOR", "1");
        }

        return variables;
    }

    private static string Hook
    {
        get
        {
            var hook = Path.Combine(AppContext.BaseDirectory, "hook", "Prefork.Hook.dll");
            return File.Exists(hook) ? hook : throw new UnusableProgramException($"This installation is damaged: {hook} is missing. Install the tool again.");
        }
    }
}
