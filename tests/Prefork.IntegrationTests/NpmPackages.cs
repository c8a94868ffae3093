namespace Prefork.IntegrationTests;

/// <summary>The packages of tests/npm, which test.sh installs into artifacts/npm, and the scripts that use them.</summary>
internal static class NpmPackages
{
    private static readonly string s_folder = Path.Combine(new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/')).Parent!.Parent!.Parent!.FullName, "npm");

    /// <summary>For node to find them. Without them, the test that asks is skipped.</summary>
    internal static Dictionary<string, string?> Environment(params (string Name, string Value)[] more)
    {
        var modules = Path.Combine(s_folder, "node_modules");
        Assert.SkipUnless(Directory.Exists(modules), $"The packages of tests/npm are not installed: {Reason()}");
        return more.Append(("NODE_PATH", modules)).ToDictionary(pair => pair.Item1, string? (pair) => pair.Item2);
    }

    internal static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "npm", name);

    private static string Reason()
    {
        var log = Path.Combine(s_folder, "npm.log");
        return File.Exists(log) ? File.ReadAllText(log).Trim() : "./test.sh does it, with npm.";
    }
}
