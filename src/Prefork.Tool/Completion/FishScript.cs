using System.Text;

namespace Prefork.Tool.Completion;

/// <summary>A script for fish 3 or later.</summary>
internal static class FishScript
{
    internal static string Write(IReadOnlyList<CompletedCommand> commands)
    {
        var text = new StringBuilder(
            """
            # fish completion of prefork. Load it: prefork completion fish > ~/.config/fish/completions/prefork.fish
            complete -c prefork -e
            complete -c prefork -n 'contains -- -- (commandline -opc)' -F
            complete -c prefork -n '__fish_use_subcommand' -f -l help -s h -d 'Shows help'
            complete -c prefork -n '__fish_use_subcommand' -f -l version -d 'Shows the version'

            """);
        foreach (var command in commands)
        {
            var isCommand = Quote($"__fish_seen_subcommand_from {command.Name}; and not contains -- -- (commandline -opc)");
            text.Append("complete -c prefork -n '__fish_use_subcommand' -f -a ").Append(command.Name).Append(" -d ").Append(Quote(command.Description)).Append('\n');
            text.Append("complete -c prefork -n ").Append(isCommand).Append(Offer(command.Operand, [])).Append('\n');
            foreach (var option in command.Options)
            {
                text.Append("complete -c prefork -n ").Append(isCommand);
                foreach (var name in option.Names)
                {
                    text.Append(name.StartsWith("--", StringComparison.Ordinal) ? " -l " : " -s ").Append(name.TrimStart('-'));
                }

                text.Append(option.TakesValue ? $" -r{Offer(option.Value, option.Words)}" : " -f").Append(" -d ").Append(Quote(option.Description)).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Offer(OperandKind kind, IReadOnlyList<string> words) => kind switch
    {
        OperandKind.File => " -F",
        OperandKind.Folder => " -f -a '(__fish_complete_directories)'",
        OperandKind.Running => " -f -a '(prefork completion names 2>/dev/null)'",
        OperandKind.Known => " -f -a '(prefork completion names --all 2>/dev/null)'",
        OperandKind.FileOrKnown => " -F -a '(prefork completion names --all 2>/dev/null)'",
        OperandKind.Shell => $" -f -a '{string.Join(' ', CompletionCommand.Shells)}'",
        _ when words.Count > 0 => $" -f -a '{string.Join(' ', words)}'",
        _ => " -f",
    };

    private static string Quote(string text) => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
}
