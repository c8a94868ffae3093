using System.CommandLine;

namespace Prefork.Tool.Completion;

/// <summary>An option as a shell completes it.</summary>
/// <param name="Names">All its spellings: <c>--workers</c>, <c>-w</c>.</param>
/// <param name="Description">The first sentence of its description.</param>
/// <param name="TakesValue">Whether a word follows it.</param>
/// <param name="Value">What that word is.</param>
/// <param name="Words">The words to choose from, if there are fixed ones.</param>
internal sealed record CompletedOption(IReadOnlyList<string> Names, string Description, bool TakesValue, OperandKind Value, IReadOnlyList<string> Words)
{
    internal static CompletedOption Of(Option option)
    {
        var takesValue = option.ValueType != typeof(bool) && option.Arity.MaximumNumberOfValues > 0;
        var help = takesValue ? option.HelpName ?? "" : "";
        return new CompletedOption(
            [option.Name, .. option.Aliases],
            CompletedCommand.FirstSentence(option.Description),
            takesValue,
            help switch { "FILE" => OperandKind.File, "FOLDER" => OperandKind.Folder, _ => OperandKind.Nothing },
            [.. help.Split('|').Where(static word => word.Length > 0 && word.All(static letter => letter is '-' or (>= 'a' and <= 'z') or (>= '0' and <= '9')))]);
    }
}
