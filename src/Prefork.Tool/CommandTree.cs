using System.CommandLine;
using System.CommandLine.Help;
using Prefork.Tool.Completion;
using Prefork.Tool.Control;

namespace Prefork.Tool;

/// <summary>All commands, and what is said of a command line that is none of them.</summary>
internal static class CommandTree
{
    /// <summary>Parses and runs a command line. Whatever goes wrong is a line on standard error and an exit code.</summary>
    /// <param name="args">The words.</param>
    /// <param name="cancellation">Ends it as Ctrl+C does.</param>
    internal static Task<int> RunAsync(string[] args, CancellationToken cancellation = default)
        => Output.RunAsync(args.TakeWhile(static word => word != "--").Contains("--json"), () =>
        {
            // What follows the first -- is the program's, word for word, and none of the parser's business.
            var words = StartCommand.Expand(args);
            var end = Array.IndexOf(words, "--");
            return RunAsync(end < 0 ? words : words[..end], end < 0 ? null : words[(end + 1)..], cancellation);
        });

    internal static Command Create(string[]? programs)
    {
        // Not a RootCommand: that one is named after the assembly.
        var root = new Command("prefork", "Runs a program as a cluster: several workers behind one port.")
        {
            new HelpOption(), new VersionOption(), RunCommand.Create(programs), StartCommand.Create(programs), ListCommand.Create(), DescribeCommand.Create(), LogsCommand.Create(), TopCommand.Create(), ForgetCommand.Create(),
        };
        foreach (var command in OperationCommands.Create())
        {
            root.Subcommands.Add(command);
        }

        root.Subcommands.Add(CompletionCommand.Create(root));
        return root;
    }

    private static async Task<int> RunAsync(string[] own, string[]? programs, CancellationToken cancellation)
    {
        var root = Create(programs);
        var parsed = root.Parse(own);
        if (parsed.Errors.Count > 0)
        {
            var lines = Explain(root, parsed).ToList();
            throw new CommandException(ExitCodes.Usage, lines[0]) { More = lines[1..] };
        }

        if (parsed.CommandResult.Command != root && !StartCommand.IsBackground(own) && GivenFolders.DescribeOthers() is { } others)
        {
            Output.Complain(others);
        }

        // Signals of run are the supervisor's: the first asks the workers to leave, a second one hastens them. Other commands end by them.
        var signals = parsed.CommandResult.Command.Name != "run";
        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = signals ? TimeSpan.FromSeconds(2) : null }, cancellation);
    }

    private static IEnumerable<string> Explain(Command root, ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (command == root && parsed.UnmatchedTokens.Count == 0)
        {
            var width = root.Subcommands.Max(static command => command.Name.Length);
            return ["no command is named. There are", .. root.Subcommands.Select(command => $"  {command.Name.PadRight(width)}  {command.Description}"), "'prefork COMMAND --help' says more of one."];
        }

        // What the parser says of words that it does not know is said better; and where it took an unknown option for an argument, that is the reason for what follows.
        var known = parsed.Errors.Select(static error => error.Message).Where(static message => !message.StartsWith("Unrecognized", StringComparison.Ordinal) && !message.StartsWith("Required command", StringComparison.Ordinal)).ToList();
        var errors = known.Count > 0 ? known : parsed.UnmatchedTokens.Select(word => ExplainUnknown(root, command, word));
        var words = command == root ? root.Name : $"{root.Name} {command.Name}";
        return [.. errors.Distinct(), $"'{words} --help' says what there is."];
    }

    private static string ExplainUnknown(Command root, Command command, string word)
    {
        var isOption = word.StartsWith('-');
        var known = isOption ? command.Options.SelectMany(static option => option.Aliases.Append(option.Name)) : command == root ? root.Subcommands.Select(static command => command.Name) : [];
        var meant = Spelling.Nearest(word, known) is { } near ? $" Did you mean {near}?" : "";
        return isOption ? $"there is no option {word}.{meant}"
            : command == root ? $"there is no command {word}.{meant}"
            : $"'{word}' is one word too many.";
    }
}
