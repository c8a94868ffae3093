namespace Prefork.Tool;

internal enum TargetKind
{
    /// <summary>.NET, with a runtime that calls startup hooks.</summary>
    Managed,

    /// <summary>A script that Node runs.</summary>
    NodeScript,

    /// <summary>Comes online by itself, or not: a program ahead of time with the library in it, a script with an interpreter of its own.</summary>
    OnItsOwn,
}

/// <summary>The program to run, after a look at what it is: what cannot work is said before anything starts.</summary>
internal sealed record Target(string Path, TargetKind Kind)
{
    private static readonly string[] s_scripts = [".js", ".mjs", ".cjs"];

    /// <exception cref="UnusableProgramException">It cannot work, and the message says why and what to do.</exception>
    internal static Target Inspect(string program, string? workingDirectory)
    {
        var path = System.IO.Path.GetFullPath(program, System.IO.Path.GetFullPath(workingDirectory ?? "."));
        if (Directory.Exists(path))
        {
            throw new UnusableProgramException($"{path} is a folder. Name the application in it: its .dll, or its executable.");
        }

        if (!File.Exists(path))
        {
            throw new UnusableProgramException($"There is no file {path}.{(program.EndsWith(".csproj", StringComparison.Ordinal) || program.EndsWith(".dll", StringComparison.Ordinal) ? " Has the application been published (dotnet publish)?" : "")}");
        }

        var extension = System.IO.Path.GetExtension(path);
        if (s_scripts.Contains(extension, StringComparer.Ordinal))
        {
            return new Target(path, TargetKind.NodeScript);
        }

        if (extension is ".csproj" or ".cs" or ".sln" or ".slnx")
        {
            throw new UnusableProgramException($"{path} is source. Publish it (dotnet publish), and name what comes out.");
        }

        try
        {
            return extension == ".dll" ? InspectAssembly(path) : InspectExecutable(path);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw new UnusableProgramException($"{path} cannot be read: {exception.Message}");
        }
    }

    private static Target InspectAssembly(string path)
    {
        var config = System.IO.Path.ChangeExtension(path, ".runtimeconfig.json");
        if (!File.Exists(config))
        {
            throw new UnusableProgramException($"{path} is a library, no application: it has no {System.IO.Path.GetFileName(config)} beside it.");
        }

        RuntimeConfig.Read(config).Check(path);
        return new Target(path, TargetKind.Managed);
    }

    private static Target InspectExecutable(string path)
    {
        const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        if ((File.GetUnixFileMode(path) & Execute) == 0)
        {
            throw new UnusableProgramException($"{path} may not be executed. Allow it (chmod +x), or name the application's .dll.");
        }

        var image = Executable.Read(path);
        if (!image.IsElf)
        {
            return new Target(path, TargetKind.OnItsOwn);
        }

        if (image.IsDotnetHost)
        {
            var config = $"{path}.runtimeconfig.json";
            (File.Exists(config) ? RuntimeConfig.Read(config) : image.BundledConfig)?.Check(path);
            return new Target(path, TargetKind.Managed);
        }

        if (image.IsNativeAot && !image.HasPrefork)
        {
            throw new UnusableProgramException(
                $"{path} is compiled ahead of time (PublishAot), so nothing can be added to it when it starts. Reference the package Prefork.AspNetCore, call builder.UseCluster(), and publish again; or publish without PublishAot.");
        }

        return new Target(path, TargetKind.OnItsOwn);
    }
}

/// <summary>The program cannot be run as a cluster.</summary>
internal sealed class UnusableProgramException(string message) : Exception(message);
