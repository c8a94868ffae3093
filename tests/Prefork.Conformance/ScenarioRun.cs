using System.Diagnostics;
using System.Reflection;
using Xunit.v3;

namespace Prefork.Conformance;

/// <summary>Runs a scenario of ConformanceApp as a program of its own: it checks for itself, and its exit code says whether all was well.</summary>
internal static class ScenarioRun
{
    private const int Nobody = 65534;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    /// <summary>artifacts/bin/ConformanceApp/{configuration}/ConformanceApp, beside our own.</summary>
    internal static string App
    {
        get
        {
            var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
            return Path.Combine(own.Parent!.Parent!.FullName, "ConformanceApp", own.Name, "ConformanceApp");
        }
    }

    /// <summary>The test that calls it passes when the scenario of the same name does.</summary>
    internal static Task PassesAsync() => PassesAsync(App, [NodeTest]);

    /// <summary>The same for a test that asks for something only the privileged may have.</summary>
    internal static Task PassesUnprivilegedAsync() => Environment.IsPrivilegedProcess
        ? PassesAsync("setpriv", ["--reuid", $"{Nobody}", "--regid", $"{Nobody}", "--clear-groups", App, NodeTest])
        : PassesAsync();

    private static string NodeTest => ((IXunitTestMethod)TestContext.Current.TestMethod!).Method.GetCustomAttribute<NodeTestAttribute>()!.Name;

    /// <summary>The program ends with 0, in time.</summary>
    internal static async Task PassesAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var log = Path.GetTempFileName();
        try
        {
            var (code, inTime) = await RunAsync(program, arguments, environment, log);
            if (code != 0 || !inTime)
            {
                var end = inTime ? $"ended with {code}" : $"did not end within {s_patience.TotalSeconds} s";
                Assert.Fail($"{Path.GetFileName(program)} {string.Join(' ', arguments)} {end}:\n{await File.ReadAllTextAsync(log)}");
            }
        }
        finally
        {
            File.Delete(log);
        }
    }

    private static async Task<(int Code, bool InTime)> RunAsync(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment, string log)
    {
        // Into a file, not a pipe: a pipe ends with the last process that has it, and this run ends with the first.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >\"$log\" 2>&1 </dev/null", "sh", log, program, .. arguments]);
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        // No core dumps and no reports: some of these programs are meant to crash.
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        using var process = Process.Start(start)!;
        using var timeout = new CancellationTokenSource(s_patience);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
            return (process.ExitCode, true);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            return (process.ExitCode, false);
        }
    }
}
