using System.Reflection.PortableExecutable;
using Prefork.Processes;

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
    private const string RollForward = "DOTNET_ROLL_FORWARD";

    /// <param name="program">Its path.</param>
    /// <param name="workingDirectory">The workers'.</param>
    /// <param name="variables">What is given for the workers' environment, besides this process's.</param>
    /// <exception cref="UnusableProgramException">It cannot work, and the message says why and what to do.</exception>
    internal static Target Inspect(string program, string? workingDirectory, IReadOnlyDictionary<string, string?> variables)
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

        if (!Control.Native.IsRegularFile(path))
        {
            throw new UnusableProgramException($"{path} is no regular file.");
        }

        string? Variable(string name) => variables.TryGetValue(name, out var value) ? value ?? "" : Environment.GetEnvironmentVariable(name);
        var extension = System.IO.Path.GetExtension(path);
        if (ProgramCommand.IsNodeScript(path))
        {
            NodeProgram.Check(path, Variable("NODE_OPTIONS"));
            return new Target(path, TargetKind.NodeScript);
        }

        if (extension is ".csproj" or ".cs" or ".sln" or ".slnx")
        {
            throw new UnusableProgramException($"{path} is source. Publish it (dotnet publish), and name what comes out.");
        }

        try
        {
            return extension == ".dll" ? InspectAssembly(path, Variable(RollForward)) : InspectExecutable(path, workingDirectory, Variable("PATH"), Variable(RollForward));
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw new UnusableProgramException($"{path} cannot be read: {exception.Message}");
        }
    }

    private static Target InspectAssembly(string path, string? rollForward)
    {
        var config = System.IO.Path.ChangeExtension(path, ".runtimeconfig.json");
        if (!File.Exists(config))
        {
            throw new UnusableProgramException($"{path} is a library, no application: it has no {System.IO.Path.GetFileName(config)} beside it.");
        }

        using (var file = File.OpenRead(path))
        using (var assembly = new PEReader(file))
        {
            CheckManaged(path, assembly);
        }

        RuntimeConfig.Read(config).Check(path, rollForward);
        return new Target(path, TargetKind.Managed);
    }

    private static void CheckManaged(string path, PEReader assembly)
    {
        bool isManaged;
        try
        {
            isManaged = assembly.HasMetadata;
        }
        catch (BadImageFormatException)
        {
            isManaged = false;
        }

        if (!isManaged)
        {
            throw new UnusableProgramException($"{path} is no .NET assembly. Name the application's own .dll, or its executable.");
        }

        if (assembly.PEHeaders.CorHeader!.EntryPointTokenOrRelativeVirtualAddress == 0)
        {
            throw new UnusableProgramException($"{path} is a library, no application: it has no Main.");
        }
    }

    private static Target InspectExecutable(string path, string? workingDirectory, string? searchPath, string? rollForward)
    {
        ExecutableFormat.Check(path, workingDirectory, searchPath);
        if (!Control.Native.MayExecute(path))
        {
            throw new UnusableProgramException($"{path} may not be executed. Allow it (chmod +x; on a file system that is mounted noexec that is not enough), or name the application's .dll.");
        }

        var image = Executable.Read(path);
        if (!image.IsElf)
        {
            return new Target(path, TargetKind.OnItsOwn);
        }

        if (image.IsDotnetHost)
        {
            var config = $"{path}.runtimeconfig.json";
            (File.Exists(config) ? RuntimeConfig.Read(config) : image.BundledConfig)?.Check(path, rollForward);
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
