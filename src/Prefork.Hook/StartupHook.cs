using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Prefork.Hook;

/// <summary>
/// What the runtime calls before the program's own code, when DOTNET_STARTUP_HOOKS names this assembly. The name and the missing namespace
/// are the runtime's rule (docs/design/features/host-startup-hook.md of dotnet/runtime).
/// </summary>
#pragma warning disable CA1050 // The runtime looks for it outside of any namespace.
internal static class StartupHook
{
    /// <summary>An exception from here ends the program: better than one that runs beside the cluster, unnoticed.</summary>
    public static void Initialize()
    {
        HookEnvironment.Remove();
        AssemblyLoadContext.Default.Resolving += Resolve;
        Begin();
    }

    /// <summary>A method of its own: what it mentions is loaded when it is compiled, and by then <see cref="Resolve"/> must be there.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Begin() => HookedProgram.Begin();

    /// <summary>Asked only for what the program does not have itself.</summary>
    private static Assembly? Resolve(AssemblyLoadContext context, AssemblyName name)
    {
        if (name.Name is not ("Prefork" or "Prefork.AspNetCore"))
        {
            return null;
        }

        // Built for the runtime at hand, as far as there is a difference. What the command uses itself lies beside the command.
        var folder = Path.GetDirectoryName(typeof(StartupHook).Assembly.Location)!;
        var built = Environment.Version.Major >= 10 ? "net10.0" : "net8.0";
        var file = Path.Combine(folder, built, $"{name.Name}.dll");
        return context.LoadFromAssemblyPath(File.Exists(file) ? file : Path.GetFullPath(Path.Combine(folder, "..", $"{name.Name}.dll")));
    }
}
