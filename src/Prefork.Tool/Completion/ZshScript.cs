using System.Text;

namespace Prefork.Tool.Completion;

/// <summary>A script for zsh and its completion system (compinit).</summary>
internal static class ZshScript
{
    internal static string Write(IReadOnlyList<CompletedCommand> commands)
    {
        var text = new StringBuilder(
            """
            #compdef prefork
            # zsh completion of prefork. Load it in ~/.zshrc after compinit: source <(prefork completion zsh)
            _prefork_running() { local -a names; names=(${(f)"$(prefork completion names 2>/dev/null)"}); compadd -a names }
            _prefork_known() { local -a names; names=(${(f)"$(prefork completion names --all 2>/dev/null)"}); compadd -a names }
            _prefork_files_or_known() { _files; _prefork_known }

            _prefork() {
              local -a commands
              if (( CURRENT == 2 )); then
                commands=(

            """);
        foreach (var command in commands)
        {
            text.Append("      ").Append(Quote($"{command.Name}:{command.Description}")).Append('\n');
        }

        text.Append("    )\n    _describe command commands\n    return\n  fi\n\n  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  if (( ${words[(I)--]} > 0 && ${words[(I)--]} < CURRENT )); then\n    _files\n    return\n  fi\n\n  case $command in\n");
        foreach (var command in commands)
        {
            text.Append("    ").Append(command.Name).Append(") _arguments");
            foreach (var option in command.Options)
            {
                text.Append(" \\\n      ").Append(Specify(option));
            }

            text.Append(Offer(command.Operand, []) is { Length: > 0 } action ? $" \\\n      {Quote($"1:{command.Operand.ToString().ToLowerInvariant()}:{action}")}" : "").Append(" ;;\n");
        }

        // Loaded by source it registers itself; as a file in fpath it is the function.
        return text.Append("  esac\n}\n\nif [[ $funcstack[1] == _prefork ]]; then _prefork \"$@\"; else compdef _prefork prefork; fi\n").ToString();
    }

    private static string Specify(CompletedOption option)
    {
        var description = option.Description.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal).Replace("]", "\\]", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal);
        var value = option.TakesValue ? $":value:{Offer(option.Value, option.Words)}" : "";
        var names = option.Names.Count == 1 ? option.Names[0] : $"{{{string.Join(',', option.Names)}}}";
        return option.Names.Count == 1 ? Quote($"*{names}[{description}]{value}") : $"'*'{names}{Quote($"[{description}]{value}")}";
    }

    private static string Offer(OperandKind kind, IReadOnlyList<string> words) => kind switch
    {
        OperandKind.File => "_files",
        OperandKind.Folder => "_files -/",
        OperandKind.Running => "_prefork_running",
        OperandKind.Known => "_prefork_known",
        OperandKind.FileOrKnown => "_prefork_files_or_known",
        OperandKind.Shell => $"({string.Join(' ', CompletionCommand.Shells)})",
        _ when words.Count > 0 => $"({string.Join(' ', words)})",
        _ => "",
    };

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
