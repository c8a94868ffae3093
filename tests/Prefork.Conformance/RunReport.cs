using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Prefork.Conformance;

/// <summary>What a run of these tests has found: the report that xUnit wrote of it. CONFORMANCE_RESULTS is its path.</summary>
internal sealed partial class RunReport
{
    private readonly Dictionary<(string Type, string Method), string> _results = [];
    private readonly HashSet<(string Method, string Test, int Major)> _passed = [];

    private RunReport(XDocument report)
    {
        foreach (var test in report.Descendants("test"))
        {
            var (type, method, result) = (test.Attribute("type")!.Value, test.Attribute("method")!.Value, test.Attribute("result")!.Value);
            _results[(type, method)] = result;
            if (Trait(test, "node") is not { } node || Trait(test, "test") is not { } name)
            {
                continue;
            }

            Versions.Add(node);
            if (result == "Pass")
            {
                _passed.Add((method, name, NodeBinaries.Major(node)));
            }
        }
    }

    /// <summary>The nodes that were run, such as v20.20.2.</summary>
    internal SortedSet<string> Versions { get; } = new(StringComparer.Ordinal);

    /// <summary>Null when none is given.</summary>
    internal static RunReport? Find()
        => Environment.GetEnvironmentVariable("CONFORMANCE_RESULTS") is { Length: > 0 } path ? new RunReport(XDocument.Load(path)) : null;

    /// <summary>Pass, Fail or Skip; null when it was not run.</summary>
    internal string? ResultOf(Type type, string method) => _results.GetValueOrDefault((type.FullName!, method));

    /// <summary>The versions of Node with which a test of both kinds of process has passed.</summary>
    internal IEnumerable<int> PassedWith(string method, string test)
        => _passed.Where(passed => passed.Method == method && passed.Test == test).Select(passed => passed.Major);

    internal static IEnumerable<int> Majors(string text)
        => MajorNumber().Matches(text).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));

    private static string? Trait(XElement test, string name)
        => test.Descendants("trait").FirstOrDefault(trait => trait.Attribute("name")?.Value == name)?.Attribute("value")?.Value;

    [GeneratedRegex(@"\bv?([0-9]+)(?:\.[0-9.]+)?\b")]
    private static partial Regex MajorNumber();
}
