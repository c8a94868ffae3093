using System.Collections.Concurrent;
using System.Diagnostics;

namespace Prefork.Tool.Tests;

/// <summary>UnmodifiedApp, published in the ways there are; each once, and only if a test asks for it.</summary>
internal static class Published
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> s_published = new();

    private static readonly DirectoryInfo s_bin = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/')).Parent!.Parent!;

    private static string Root => s_bin.Parent!.Parent!.FullName;

    /// <summary>The command, as the build made it.</summary>
    internal static string Command => Path.Combine(s_bin.FullName, "Prefork.Tool/release/Prefork.Tool");

    /// <summary>As the build made it: for the dotnet host, or by its apphost.</summary>
    internal static string Assembly => Path.Combine(s_bin.FullName, "UnmodifiedApp/release/UnmodifiedApp.dll");

    internal static string AppHost => Path.ChangeExtension(Assembly, null);

    internal static string MixedLoad => Path.Combine(s_bin.FullName, "MixedLoad/release/MixedLoad");

    internal static string WebApp => Path.Combine(s_bin.FullName, "WebApp/release/WebApp");

    /// <summary>The executable. Not cached over runs: publishing decides what is up to date.</summary>
    internal static Task<string> AsAsync(string name, params string[] options)
        => s_published.GetOrAdd(name, _ => new Lazy<Task<string>>(() => PublishAsync(name, options))).Value;

    internal static async Task<string> DotnetAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, WorkingDirectory = Root })!;
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        var output = await process.StandardOutput.ReadToEndAsync(timeout.Token);
        await process.WaitForExitAsync(timeout.Token);
        Assert.True(process.ExitCode == 0, output);
        return output;
    }

    private static async Task<string> PublishAsync(string name, string[] options)
    {
        // Artifacts of its own: the same project is published in several ways.
        var folder = Path.Combine(Root, "artifacts/unmodified", name);
        await DotnetAsync(["publish", "tests/UnmodifiedApp", "-c", "Release", "--artifacts-path", folder, "-o", Path.Combine(folder, "out"), "--nologo", "-v", "quiet", .. options]);
        return Path.Combine(folder, "out/UnmodifiedApp");
    }
}
