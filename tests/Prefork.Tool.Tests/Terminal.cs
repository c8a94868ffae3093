namespace Prefork.Tool.Tests;

/// <summary>A command on a terminal of its own, which <c>script</c> makes: what it writes there comes as this program's output.</summary>
internal static class Terminal
{
    internal static TestProgram Run(string shell, IReadOnlyDictionary<string, string?> environment)
        => new("script", ["-qefc", shell, "/dev/null"], new Dictionary<string, string?>(environment) { ["SHELL"] = "/bin/sh", ["TERM"] = "xterm-256color", ["NO_COLOR"] = null, ["CI"] = null });
}
