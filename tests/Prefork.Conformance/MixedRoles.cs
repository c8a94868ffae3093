namespace Prefork.Conformance;

/// <summary>The tests whose halves are here in JavaScript too: each can be the other's primary, or worker.</summary>
internal static class MixedRoles
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "node");

    internal static IEnumerable<string> Tests
        => Directory.GetFiles(Folder, "test-*.js").Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal);

    /// <summary>Every test with every version of Node. As traits they are in the report in full, where a name is cut (<see cref="RunReport"/>).</summary>
    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (var version in NodeBinaries.ByVersion.Keys)
        {
            foreach (var test in Tests)
            {
                cases.Add(new TheoryDataRow<string, string>(test, version) { Traits = { ["test"] = [test], ["node"] = [version] } });
            }
        }

        return cases;
    }

    internal static string Script(string test) => Path.Combine(Folder, $"{test}.js");

    /// <summary>This node is the one that is found.</summary>
    internal static string? SearchPath(string version)
        => $"{Path.GetDirectoryName(NodeBinaries.ByVersion[version])}:{Environment.GetEnvironmentVariable("PATH")}".TrimStart(':');
}

/// <summary>Node's primary, our workers.</summary>
public class NodePrimary
{
    /// <summary>See <see cref="MixedRoles.Cases"/>.</summary>
    public static TheoryData<string, string> Cases => MixedRoles.Cases();

    [Theory]
    [MemberData(nameof(Cases))]
    public Task WithOurWorkers_PassesItsOwnTest(string test, string node) => ScenarioRun.PassesAsync(
        NodeBinaries.ByVersion[node],
        [MixedRoles.Script(test)],
        new Dictionary<string, string?> { ["CONFORMANCE_APP"] = ScenarioRun.App });

    /// <summary>If this one fails, so does our JavaScript, and not our C#.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public Task WithItsOwnWorkers_PassesToo(string test, string node)
        => ScenarioRun.PassesAsync(NodeBinaries.ByVersion[node], [MixedRoles.Script(test)]);
}

/// <summary>Our primary, Node's workers.</summary>
public class NodeWorkers
{
    /// <summary>See <see cref="MixedRoles.Cases"/>.</summary>
    public static TheoryData<string, string> Cases => MixedRoles.Cases();

    [Theory]
    [MemberData(nameof(Cases))]
    public Task UnderOurPrimary_PassItsOwnTest(string test, string node) => ScenarioRun.PassesAsync(
        ScenarioRun.App,
        [test],
        new Dictionary<string, string?> { ["CONFORMANCE_WORKER"] = MixedRoles.Script(test), ["PATH"] = MixedRoles.SearchPath(node) });
}
