using System.Diagnostics;
using System.Text;

namespace Prefork.Conformance;

/// <summary>
/// What Node's versions do differently, of what a peer of theirs can meet. Each is a program in node/versions that says in a line what it sees.
/// The table in the documentation is made of this list.
/// </summary>
public class NodeVersions
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <param name="Script">The program's name.</param>
    /// <param name="Topic">What it looks at.</param>
    /// <param name="In20">What it says with Node 20.</param>
    /// <param name="Since22">What it says with the newest of 22, 24 and 26.</param>
    /// <param name="Meaning20">The same in words; <paramref name="Meaning22"/> likewise.</param>
    /// <param name="Here">What is done here.</param>
    private sealed record Difference(string Script, string Topic, string In20, string Since22, string Meaning20, string Meaning22, string Here);

    private static readonly Difference[] s_differences =
    [
        new("key", "the key of a listen point", "127.0.0.1:N:4:undefined:0 127.0.0.1:0:4:undefined:0", "127.0.0.1:N:4:undefined 127.0.0.1:0:4:undefined:0",
            "always ends with the index", "with the index for port 0 only (from 22.22.1 and 24.13.1)", "as in the newest; a worker takes any key"),
        new("flags", "`ipv6Only` in a `listen` without a host", "flags undefined", "flags 1",
            "not sent: the socket is for both families", "sent", "sent always, and heeded when it comes"),
        new("second-listen", "a second listen on a fixed port in one worker, shared", "EADDRINUSE", "the worker dies",
            "`EADDRINUSE`", "an assertion fails in the worker, which dies", "`AddressAlreadyInUse`; a Node worker gets `EADDRINUSE`"),
        new("reuse-port", "`reusePort`", "asks the primary", "listens by itself",
            "not known: the worker asks the primary", "the worker listens by itself (from 22.12)", "`ListenOptions.ReusePort`, which never asks"),
        new("drop-max-connection", "`dropMaxConnection`", "declined", "drop",
            "not known: the primary gets the connection back", "the worker takes the connection and drops it (from 22.12)", "what comes back goes to another worker, and this one rests for 100 ms"),
        new("max-connections-zero", "`maxConnections = 0`", "served", "dropped",
            "no limit", "no connection", "there is none: a program that wants no more does not accept"),
        new("localhost", "a name whose first address is link-local", "fe80::1", "127.0.0.1",
            "that one", "the first that is not", "the first that is not"),
    ];

    /// <summary>Every difference with every version of Node.</summary>
    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (var version in NodeBinaries.ByVersion.Keys)
        {
            foreach (var difference in s_differences)
            {
                cases.Add(difference.Script, version);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task ADifferenceThatIsInTheTable_IsSeen(string script, string version)
    {
        Assert.SkipUnless(NodeBinaries.Major(version) is 20 or 22 or 24 or 26, $"The table has Node 20, 22, 24 and 26, and this is {version}.");
        var difference = Array.Find(s_differences, difference => difference.Script == script)!;
        Assert.Equal(NodeBinaries.Major(version) == 20 ? difference.In20 : difference.Since22, await RunAsync(script, version));
    }

    internal static string Table()
    {
        var table = new StringBuilder("\n| what | Node 20 | Node 22, 24, 26 | here |\n| --- | --- | --- | --- |\n");
        foreach (var difference in s_differences)
        {
            table.Append($"| {difference.Topic} | {difference.Meaning20} | {difference.Meaning22} | {difference.Here} |\n");
        }

        return table.Append('\n').ToString();
    }

    private static async Task<string> RunAsync(string script, string version)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "node", "versions", $"{script}.js");
        using var process = Process.Start(new ProcessStartInfo(NodeBinaries.ByVersion[version], [path]) { RedirectStandardOutput = true })!;
        try
        {
            return (await process.StandardOutput.ReadLineAsync().WaitAsync(s_patience))!;
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }
}
