using System.CommandLine;
using Prefork.Tool.Control;
using Prefork.Tool.Memory;

namespace Prefork.Tool.Completion;

/// <summary>
/// <c>prefork completion SHELL</c>: a script with which a shell completes this command's words. It holds all words but the names of applications; for those the
/// shell calls <c>prefork completion names</c>, which looks at files only and asks no application.
/// </summary>
internal static class CompletionCommand
{
    internal static readonly string[] Shells = ["bash", "zsh", "fish"];

    /// <param name="root">The command that is completed, with all its commands by the time this one runs.</param>
    internal static Command Create(Command root)
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish." };
        shell.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !Shells.Contains(token.Value))
            {
                result.AddError($"there is no script for '{token.Value}': give bash, zsh or fish.");
            }
        });
        var command = new Command("completion", "Prints a script with which your shell completes prefork's commands, options and names. For bash: source <(prefork completion bash)") { shell };
        command.SetAction(result => Console.Out.Write(Script(result.GetRequiredValue(shell), CompletedCommand.Of(root))));
        command.Subcommands.Add(CreateNames());
        return command;
    }

    internal static string Script(string shell, IReadOnlyList<CompletedCommand> commands) => shell switch
    {
        "bash" => BashScript.Write(commands),
        "zsh" => ZshScript.Write(commands),
        _ => FishScript.Write(commands),
    };

    private static Command CreateNames()
    {
        var all = new Option<bool>("--all");
        var command = new Command("names", "Prints the names of this user's applications, one a line.") { all };
        command.Hidden = true;
        command.SetAction(result =>
        {
            var names = ControlClient.Own().Select(static application => application.Name);
            foreach (var name in (result.GetValue(all) ? names.Concat(ApplicationMemory.Ended().Select(static one => one.Application.Name)) : names).Distinct().Order(StringComparer.Ordinal))
            {
                Output.Say(name);
            }
        });
        return command;
    }
}
