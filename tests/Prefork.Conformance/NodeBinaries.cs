using System.Diagnostics;

namespace Prefork.Conformance;

/// <summary>The nodes to test with: those of PREFORK_NODE, paths separated by colons; otherwise the one in PATH.</summary>
internal static class NodeBinaries
{
    private static readonly Lazy<IReadOnlyDictionary<string, string>> s_byVersion = new(Find);

    /// <summary>Paths by version, such as v20.20.2.</summary>
    internal static IReadOnlyDictionary<string, string> ByVersion => s_byVersion.Value;

    /// <summary>20 of v20.20.2.</summary>
    internal static int Major(string version) => int.Parse(version.TrimStart('v').Split('.')[0], System.Globalization.CultureInfo.InvariantCulture);

    private static Dictionary<string, string> Find()
    {
        var found = new Dictionary<string, string>();
        foreach (var node in (Environment.GetEnvironmentVariable("PREFORK_NODE") ?? "node").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            using var process = Process.Start(new ProcessStartInfo(node, "--version") { RedirectStandardOutput = true })!;
            var version = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            found[version] = node;
        }

        return found;
    }
}
