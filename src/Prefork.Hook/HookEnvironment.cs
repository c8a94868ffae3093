namespace Prefork.Hook;

/// <summary>The variable that brought this assembly here. Programs that the worker starts are no workers, and must not get it.</summary>
internal static class HookEnvironment
{
    private const string StartupHooks = "DOTNET_STARTUP_HOOKS";

    /// <summary>Takes this assembly off the list; what the user has put on it stays.</summary>
    internal static void Remove()
    {
        var others = (Environment.GetEnvironmentVariable(StartupHooks) ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Where(hook => hook != typeof(HookEnvironment).Assembly.Location);
        var rest = string.Join(Path.PathSeparator, others);
        Environment.SetEnvironmentVariable(StartupHooks, rest.Length > 0 ? rest : null);
    }
}
