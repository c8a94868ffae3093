using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Prefork.Conformance;

/// <summary>
/// The tables in docs/node-parity.md. That of Node's tests says what a run has found (<see cref="RunReport"/>): CONFORMANCE_UPDATE_DOCS=1 writes
/// it from the report; otherwise it must be that of the tests, and of the report if there is one. Versions of Node that the run did not have stay.
/// </summary>
public class ParityTable
{
    private const string NodePrimaryMethod = nameof(NodePrimary.WithOurWorkers_PassesItsOwnTest);
    private const string NodeWorkersMethod = nameof(NodeWorkers.UnderOurPrimary_PassItsOwnTest);
    private const string LastRun = "The last run was with Node ";

    private static bool Updates => Environment.GetEnvironmentVariable("CONFORMANCE_UPDATE_DOCS") == "1";

    [Fact]
    public async Task TheTablesInTheDocumentation_AreThoseOfTheTests_AndOfTheirRun()
    {
        var path = Path.Combine(Path.GetDirectoryName(Source())!, "../../docs/node-parity.md");
        Assert.SkipUnless(File.Exists(path), "The documentation is not where it was when this was built.");
        var text = await File.ReadAllTextAsync(path);
        var report = RunReport.Find();
        var right = Replaced(Replaced(text, "conformance", Table(text, report)), "versions", NodeVersions.Table());
        if (Updates)
        {
            Assert.True(report is not null, "There is no report to write the table from: ./test.sh --update-docs makes one.");
            await File.WriteAllTextAsync(path, right);
        }
        else
        {
            Assert.True(text == right, $"The tables in docs/node-parity.md are not those of the tests, or of their run: ./test.sh --update-docs writes them.\n{FirstDifference(text, right)}");
        }
    }

    [Fact]
    public void AtLeast95OfAHundredThatApply_Pass()
    {
        var tests = Tests();
        var passing = tests.Count(test => test.Attribute.Skip is null);
        Assert.True(passing * 100 >= tests.Count * 95, $"{passing} of {tests.Count} tests pass.");
        Assert.All(tests, test => Assert.True(test.Attribute.Skip is null or { Length: > 20 }, $"{test.Attribute.Name} does not pass, and does not say why."));
    }

    [Fact]
    public void EveryTest_IsListedOnce()
    {
        var names = Tests().Select(test => test.Attribute.Name).Concat(NotApplicable.Reasons.Keys).ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.Empty(MixedRoles.Tests.Except(names));
    }

    private static string Table(string documentation, RunReport? report)
    {
        var tests = Tests();
        var rows = documentation.Split('\n').Where(line => line.StartsWith("| test-", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries)).ToDictionary(cells => cells[1]);
        var lastRun = documentation.Split('\n').FirstOrDefault(line => line.StartsWith(LastRun, StringComparison.Ordinal)) ?? LastRun;
        var mixed = MixedRoles.Tests.ToHashSet();
        var lines = new StringBuilder();
        var passing = 0;
        var versions = new SortedSet<int>();
        foreach (var (attribute, method) in tests)
        {
            var told = rows.GetValueOrDefault(attribute.Name);
            var result = report is null ? attribute.Skip is null ? "passes" : "no" : report.ResultOf(method.DeclaringType!, method.Name) switch
            {
                "Pass" => "passes",
                "Skip" when attribute.Skip is null && told is not null => told[3],
                "Skip" => "no",
                var other => $"{other ?? "not run"}",
            };
            passing += result == "passes" ? 1 : 0;
            var cells = new List<string>();
            foreach (var (mixedMethod, cell) in ((string, int)[])[(NodePrimaryMethod, 4), (NodeWorkersMethod, 5)])
            {
                var majors = mixed.Contains(attribute.Name) ? Majors(attribute.Name, mixedMethod, told?[cell] ?? "", report) : [];
                Assert.True(Updates || majors.Count > 0 || !mixed.Contains(attribute.Name), $"{attribute.Name} has a half in JavaScript, and no run is in the table.");
                versions.UnionWith(majors);
                cells.Add(string.Join(", ", majors));
            }

            lines.Append($"| {attribute.Name} | `{method.DeclaringType!.Name}.{method.Name}` | {result} | {cells[0]} | {cells[1]} | {attribute.Skip ?? attribute.Differs} |\n");
        }

        if (Updates && report is not null)
        {
            lastRun = $"{LastRun}{string.Join(", ", report.Versions)}.";
        }

        Assert.True(versions.IsSubsetOf(RunReport.Majors(lastRun)), $"The table has versions that are not in its line '{lastRun}'.");
        var table = new StringBuilder();
        table.Append($"\nOf {tests.Count + NotApplicable.Reasons.Count} tests {tests.Count} apply, and {passing} of those pass ({passing * 100 / tests.Count} %); {mixed.Count} have a half in JavaScript.\n{lastRun}\n\n");
        table.Append("| Node's test | here | .NET | Node's primary, .NET workers | .NET primary, Node's workers | what is otherwise |\n| --- | --- | --- | --- | --- | --- |\n");
        table.Append(lines);
        foreach (var (name, reason) in NotApplicable.Reasons.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            table.Append($"| {name} | – | does not apply | | | {reason} |\n");
        }

        return table.Append('\n').ToString();
    }

    /// <summary>The versions of Node that a test has passed with: in this run, and in the last for those that this one did not have.</summary>
    private static SortedSet<int> Majors(string test, string method, string told, RunReport? report)
    {
        var majors = new SortedSet<int>(report is not null && Updates ? [] : RunReport.Majors(told));
        if (report is not null)
        {
            majors.ExceptWith(report.Versions.Select(NodeBinaries.Major));
            majors.UnionWith(report.PassedWith(method, test));
        }

        return majors;
    }

    private static string Replaced(string text, string name, string content)
    {
        var (begin, end) = ($"<!-- {name}: begin -->", $"<!-- {name}: end -->");
        var (from, to) = (text.IndexOf(begin, StringComparison.Ordinal), text.IndexOf(end, StringComparison.Ordinal));
        Assert.True(from >= 0 && to > from, $"docs/node-parity.md has no {begin} and {end}.");
        return $"{text[..from]}{begin}\n{content}{text[to..]}";
    }

    private static string FirstDifference(string text, string right)
    {
        var (lines, others) = (text.Split('\n'), right.Split('\n'));
        var at = lines.Zip(others).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"line {at + 1} is '{lines.ElementAtOrDefault(at)}' and should be '{others.ElementAtOrDefault(at)}'";
    }

    private static List<(NodeTestAttribute Attribute, MethodInfo Method)> Tests()
        => [.. typeof(ParityTable).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .Select(method => (Attribute: method.GetCustomAttribute<NodeTestAttribute>(), Method: method))
            .Where(test => test.Attribute is not null)
            .Select(test => (test.Attribute!, test.Method))
            .OrderBy(test => test.Item1.Name, StringComparer.Ordinal)];

    private static string Source([CallerFilePath] string path = "") => path;
}
