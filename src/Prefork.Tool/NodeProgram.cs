using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using Prefork.Processes;

namespace Prefork.Tool;

/// <summary>Whether there is a Node for a script, and whether it can run it.</summary>
internal static class NodeProgram
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>Options with which a Node runs what it does not run by itself: a loader, or types taken away where that is to be asked for.</summary>
    private static readonly string[] s_loaders = ["--import", "--require", "-r", "--loader", "--experimental-loader", "--experimental-strip-types", "--experimental-transform-types"];

    /// <summary>What each Node has answered; another file of that name is another one.</summary>
    private static readonly ConcurrentDictionary<(string File, DateTime Written), string> s_answers = new();

    /// <param name="script">Its path.</param>
    /// <param name="nodeOptions">The workers' NODE_OPTIONS.</param>
    /// <exception cref="UnusableProgramException">There is none, or it cannot.</exception>
    internal static void Check(string script, string? nodeOptions)
    {
        var node = ProgramCommand.FindInPath("node") ?? throw new UnusableProgramException($"{script} is a script for Node, and there is no 'node' in PATH.");
        if (Path.GetExtension(script) is not (".ts" or ".mts" or ".cts") || HasLoader(nodeOptions))
        {
            return;
        }

        var answer = s_answers.GetOrAdd((node, File.GetLastWriteTimeUtc(RealPath.Of(node))), static key => Ask(key.File));
        if (answer.Split(' ') is [var version, "false" or "undefined"])
        {
            throw new UnusableProgramException(
                $"{script} is TypeScript, which Node {version} ({node}) does not run by itself: Node 22.18 or later does. Install one; or name a loader in NODE_OPTIONS (such as --import=tsx), or compile it and name the .js.");
        }
    }

    private static bool HasLoader(string? nodeOptions)
        => nodeOptions?.Split(' ', StringSplitOptions.RemoveEmptyEntries).Any(static word => s_loaders.Contains(word.Trim('"').Split('=')[0].Replace('_', '-'), StringComparer.Ordinal)) == true;

    /// <summary>Its version, and what it does with TypeScript; anything else when it does not answer, which a start will tell of.</summary>
    private static string Ask(string node)
    {
        var start = new ProcessStartInfo(node, ["-p", "process.version + ' ' + process.features.typescript"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };

        // They may open an inspector, or wait for a debugger.
        start.Environment.Remove("NODE_OPTIONS");
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            if (!process.WaitForExit(s_patience))
            {
                process.Kill();
                return "";
            }

            return process.StandardOutput.ReadToEnd().Trim();
        }
        catch (Exception exception) when (exception is Win32Exception or IOException)
        {
            return "";
        }
    }
}
