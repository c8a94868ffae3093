using System.Text;

namespace Prefork.Tool.Completion;

/// <summary>A script for bash 4 or later. It needs no other script.</summary>
internal static class BashScript
{
    internal static string Write(IReadOnlyList<CompletedCommand> commands)
    {
        var text = new StringBuilder(
            """
            # bash completion of prefork. Load it in ~/.bashrc: source <(prefork completion bash)
            _prefork_from() {
              mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
            }

            _prefork_files() {
              compopt -o filenames
              mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
            }

            _prefork() {
              local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= word
              COMPREPLY=()
              for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
                case $word in
                  --) _prefork_files -f "$current"; return ;;
                  -*) ;;
                  *) command=${command:-$word} ;;
                esac
              done

              case $command in

            """);
        text.Append("    '') _prefork_from '").AppendJoin(' ', commands.Select(static command => command.Name)).Append(" --help --version' \"$current\" ;;\n");
        foreach (var command in commands)
        {
            Write(text, command);
        }

        return text.Append("  esac\n}\n\ncomplete -F _prefork prefork\n").ToString();
    }

    private static void Write(StringBuilder text, CompletedCommand command)
    {
        text.Append("    ").Append(command.Name).Append(")\n      case $previous in\n");
        foreach (var alike in command.Options.Where(static option => option.TakesValue).GroupBy(static option => Offer(option.Value, option.Words)))
        {
            text.Append("        ").AppendJoin('|', alike.SelectMany(static option => option.Names)).Append(") ").Append(alike.Key).Append(" return ;;\n");
        }

        text.Append("      esac\n      case $current in\n        -*) _prefork_from '").AppendJoin(' ', command.Options.SelectMany(static option => option.Names)).Append("' \"$current\" ;;\n        *) ")
            .Append(Offer(command.Operand, [])).Append(" ;;\n      esac ;;\n");
    }

    private static string Offer(OperandKind kind, IReadOnlyList<string> words) => kind switch
    {
        OperandKind.File => "_prefork_files -f \"$current\";",
        OperandKind.Folder => "_prefork_files -d \"$current\";",
        OperandKind.Running => "_prefork_from \"$(prefork completion names 2>/dev/null)\" \"$current\";",
        OperandKind.Known => "_prefork_from \"$(prefork completion names --all 2>/dev/null)\" \"$current\";",
        OperandKind.FileOrKnown => "_prefork_files -f \"$current\"; mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -W \"$(prefork completion names --all 2>/dev/null)\" -- \"$current\");",
        OperandKind.Shell => $"_prefork_from '{string.Join(' ', CompletionCommand.Shells)}' \"$current\";",
        _ when words.Count > 0 => $"_prefork_from '{string.Join(' ', words)}' \"$current\";",
        _ => ":;",
    };
}
