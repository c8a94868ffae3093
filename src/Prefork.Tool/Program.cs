using System.CommandLine;
using Prefork.Tool;

// What follows the first -- is the program's, word for word, and none of the parser's business.
var end = Array.IndexOf(args, "--");
var own = end < 0 ? args : args[..end];
var rest = end < 0 ? [] : args[(end + 1)..];
var root = new RootCommand("Runs a program as a cluster: several workers behind one port.")
{
    RunCommand.Create(rest), StartCommand.Create(rest, own), ListCommand.Create(), DescribeCommand.Create(), LogsCommand.Create(), TopCommand.Create(),
};
foreach (var command in OperationCommands.Create())
{
    root.Subcommands.Add(command);
}

var parsed = root.Parse(own);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
    {
        await Console.Error.WriteLineAsync($"prefork: {error.Message}");
    }

    await Console.Error.WriteLineAsync("prefork: 'prefork --help' and 'prefork run --help' say what there is.");
    return ExitCodes.Usage;
}

// Signals of run are the supervisor's: the first asks the workers to leave, a second one hastens them. Other commands end by them.
var signals = parsed.CommandResult.Command.Name != "run";
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = signals ? TimeSpan.FromSeconds(2) : null });
