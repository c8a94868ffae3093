using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Prefork.Conformance;

/// <summary>The table of Node's tests in docs/node-parity.md. With CONFORMANCE_UPDATE_DOCS=1 it is written; otherwise it must be right.</summary>
public class ParityTable
{
    private const string Begin = "<!-- conformance: begin -->";
    private const string End = "<!-- conformance: end -->";

    [Fact]
    public async Task TheTableInTheDocumentation_IsThatOfTheTests()
    {
        var path = Path.Combine(Path.GetDirectoryName(Source())!, "../../docs/node-parity.md");
        Assert.SkipUnless(File.Exists(path), "The documentation is not where it was when this was built.");
        var text = await File.ReadAllTextAsync(path);
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
        Assert.True(begin >= 0 && end > begin, $"docs/node-parity.md has no {Begin} and {End}.");
        var right = $"{text[..begin]}{Begin}\n{Table()}{text[end..]}";
        if (Environment.GetEnvironmentVariable("CONFORMANCE_UPDATE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(path, right);
        }
        else
        {
            Assert.True(text == right, "The table in docs/node-parity.md is not that of the tests: run ./test.sh --update-docs.");
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

    private static string Table()
    {
        var tests = Tests();
        var mixed = MixedRoles.Tests.ToHashSet();
        var passing = tests.Count(test => test.Attribute.Skip is null);
        var table = new StringBuilder();
        table.Append($"\nOf {tests.Count + NotApplicable.Reasons.Count} tests {tests.Count} apply, and {passing} of those pass ({passing * 100 / tests.Count} %).\n\n");
        table.Append("| Node's test | here | .NET | Node's primary, .NET workers | .NET primary, Node's workers | what is otherwise |\n| --- | --- | --- | --- | --- | --- |\n");
        foreach (var (attribute, method) in tests)
        {
            var versions = mixed.Contains(attribute.Name) ? "20, 22, 24, 26" : "";
            table.Append(
                $"| {attribute.Name} | `{method.DeclaringType!.Name}.{method.Name}` | {(attribute.Skip is null ? "passes" : "no")} | {versions} | {versions} | {attribute.Skip ?? attribute.Differs} |\n");
        }

        foreach (var (name, reason) in NotApplicable.Reasons.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            table.Append($"| {name} | – | does not apply | | | {reason} |\n");
        }

        return table.Append('\n').ToString();
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
