using System.CommandLine;
using System.CommandLine.Help;
using Prefork.Tool;

// What this process was given beyond its standard streams, such as a lock that a deploy script holds, is not its workers' to keep.
Prefork.Tool.Control.Native.KeepDescriptors();
args = StartCommand.Expand(args);

// What follows the first -- is the program's, word for word, and none of the parser's business.
var end = Array.IndexOf(args, "--");
var own = end < 0 ? args : args[..end];
var rest = end < 0 ? null : args[(end + 1)..];

// Not a RootCommand: that one is named after the assembly.
var root = new Command("prefork", "Runs a program as a cluster: several workers behind one port.")
{
    new HelpOption(), new VersionOption(), RunCommand.Create(rest), StartCommand.Create(rest), ListCommand.Create(), DescribeCommand.Create(), LogsCommand.Create(), TopCommand.Create(), ForgetCommand.Create(),
};
foreach (var command in OperationCommands.Create())
{
    root.Subcommands.Add(command);
}

var parsed = root.Parse(own);
if (parsed.Errors.Count > 0)
{
    var message = string.Join("\nprefork: ", parsed.Errors.Select(static error => error.Message));
    var words = parsed.CommandResult.Command == root ? "prefork" : $"prefork {parsed.CommandResult.Command.Name}";
    return await Output.FailAsync(own.Contains("--json"), ExitCodes.Usage, $"{message}\nprefork: '{words} --help' says what there is.");
}

// Signals of run are the supervisor's: the first asks the workers to leave, a second one hastens them. Other commands end by them.
var signals = parsed.CommandResult.Command.Name != "run";
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = signals ? TimeSpan.FromSeconds(2) : null });
