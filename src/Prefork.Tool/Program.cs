using System.CommandLine;
using Prefork.Tool;

var root = new RootCommand("Runs a program as a cluster: several workers behind one port.") { RunCommand.Create() };
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
    {
        await Console.Error.WriteLineAsync($"prefork: {error.Message}");
    }

    await Console.Error.WriteLineAsync("prefork: 'prefork --help' and 'prefork run --help' say what there is.");
    return ExitCodes.Usage;
}

// Signals are the cluster's: the first asks the workers to leave, a second one kills them.
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
