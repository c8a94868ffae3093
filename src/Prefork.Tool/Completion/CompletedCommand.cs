using System.CommandLine;

namespace Prefork.Tool.Completion;

/// <summary>A command as a shell completes it. All of it comes from the commands themselves, so that no script can be behind them.</summary>
/// <param name="Name">Its word.</param>
/// <param name="Description">The first sentence of its description.</param>
/// <param name="Operand">What its argument is.</param>
/// <param name="Options">Its options, without hidden ones.</param>
internal sealed record CompletedCommand(string Name, string Description, OperandKind Operand, IReadOnlyList<CompletedOption> Options)
{
    internal static IReadOnlyList<CompletedCommand> Of(Command root) => [.. root.Subcommands.Where(static command => !command.Hidden).Select(command => new CompletedCommand(
        command.Name,
        FirstSentence(command.Description),
        OperandOf(command),
        [.. command.Options.Where(static option => !option.Hidden).Select(CompletedOption.Of), new CompletedOption(["--help", "-h"], "Shows help", TakesValue: false, OperandKind.Nothing, [])]))];

    internal static string FirstSentence(string? text)
    {
        text ??= "";
        var end = text.IndexOf(". ", StringComparison.Ordinal);
        return (end < 0 ? text : text[..end]).TrimEnd('.');
    }

    private static OperandKind OperandOf(Command command) => (command.Name, command.Arguments.Count == 0 ? "" : command.Arguments[0].Name) switch
    {
        (_, "") => OperandKind.Nothing,
        (_, "shell") => OperandKind.Shell,
        ("start", _) => OperandKind.FileOrKnown,
        (_, "program") => OperandKind.File,
        ("logs" or "forget", _) => OperandKind.Known,
        _ => OperandKind.Running,
    };
}
