using System.Reflection;
using System.Runtime.InteropServices;

namespace Prefork.Processes;

/// <summary>What to execute for a worker: a file, and the arguments after its name.</summary>
internal sealed record ProgramCommand(string File, IReadOnlyList<string> Arguments)
{
    private static readonly string[] NodeExtensions = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"];

    /// <exception cref="FileNotFoundException">The program or its interpreter is not there.</exception>
    internal static ProgramCommand Create(string exec, IReadOnlyList<string> execArguments, IReadOnlyList<string> arguments, string? workingDirectory)
    {
        if (IsNodeScript(exec))
        {
            return new ProgramCommand(
                FindInPath("node") ?? throw new FileNotFoundException($"'{exec}' is a script for node, and there is no 'node' in PATH.", "node"),
                [.. execArguments, ExistingFile(exec, workingDirectory), .. arguments]);
        }

        if (Path.GetExtension(exec) == ".dll")
        {
            return new ProgramCommand(DotnetHost.Find(), [.. execArguments, ExistingFile(exec, workingDirectory), .. arguments]);
        }

        var file = Path.GetFullPath(exec, Path.GetFullPath(workingDirectory ?? "."));
        if (!exec.Contains('/') && !System.IO.File.Exists(file))
        {
            file = FindInPath(exec) ?? throw new FileNotFoundException($"The worker's program '{exec}' is neither a file in the working directory nor in PATH.", exec);
        }

        return new ProgramCommand(System.IO.File.Exists(file) ? file : throw Missing(exec, file), [.. execArguments, .. arguments]);
    }

    internal static bool IsNodeScript(string exec) => NodeExtensions.Contains(Path.GetExtension(exec), StringComparer.Ordinal);

    /// <param name="name">The command.</param>
    /// <param name="searchPath">A PATH; null for this process's.</param>
    internal static string? FindInPath(string name, string? searchPath = null)
        => (searchPath ?? Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin")
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(System.IO.File.Exists);

    private static string ExistingFile(string exec, string? workingDirectory)
    {
        var file = Path.GetFullPath(exec, Path.GetFullPath(workingDirectory ?? "."));
        return System.IO.File.Exists(file) ? file : throw Missing(exec, file);
    }

    private static FileNotFoundException Missing(string exec, string file)
        => new($"The worker's program '{exec}' is not there: no file {file}. Set {nameof(ClusterSettings)}.{nameof(ClusterSettings.Exec)} to one that is.", file);
}

/// <summary>This program as it was started: what a worker runs unless told otherwise.</summary>
internal static class ThisProgram
{
    /// <summary>The assembly when the <c>dotnet</c> host runs it, else the executable (apphost, single file, AOT).</summary>
    internal static string Exec => IsMuxer ? Path.GetFullPath(Environment.GetCommandLineArgs()[0]) : Environment.ProcessPath!;

    internal static IReadOnlyList<string> Arguments => Environment.GetCommandLineArgs()[1..];

    /// <summary>Options of the <c>dotnet</c> host before the assembly, such as <c>exec --depsfile ...</c>.</summary>
    internal static IReadOnlyList<string> ExecArguments
    {
        get
        {
            if (!IsMuxer)
            {
                return [];
            }

            var line = File.ReadAllText("/proc/self/cmdline").Split('\0', StringSplitOptions.None)[..^1];
            var count = line.Length - 1 - Environment.GetCommandLineArgs().Length;
            return count > 0 ? line[1..(1 + count)] : [];
        }
    }

    internal static bool IsMuxer => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" && Assembly.GetEntryAssembly() is not null;
}

/// <summary>The <c>dotnet</c> executable that runs assemblies.</summary>
internal static class DotnetHost
{
    internal static string Find()
    {
        if (ThisProgram.IsMuxer)
        {
            return Environment.ProcessPath!;
        }

        // An apphost loads the runtime from <root>/shared/Microsoft.NETCore.App/<version>/; dotnet stands at the root.
        var fromRuntime = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));
        string?[] candidates =
        [
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH"),
            Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root ? Path.Combine(root, "dotnet") : null,
            fromRuntime,
            ProgramCommand.FindInPath("dotnet"),
        ];
        return candidates.FirstOrDefault(candidate => File.Exists(candidate))
            ?? throw new FileNotFoundException("There is no 'dotnet' to run the worker's assembly: neither DOTNET_HOST_PATH, DOTNET_ROOT nor PATH leads to one.", "dotnet");
    }
}
