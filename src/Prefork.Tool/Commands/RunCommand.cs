using System.CommandLine;

namespace Prefork.Tool;

/// <summary><c>prefork run PROGRAM [options] [-- ARGUMENTS]</c></summary>
internal static class RunCommand
{
    /// <param name="arguments">The program's.</param>
    internal static Command Create(IReadOnlyList<string> arguments)
    {
        var run = new RunArguments();
        var background = new Option<bool>(StartCommand.BackgroundOption) { Hidden = true };
        var command = new Command("run", "Runs a program as workers, in the foreground, until Ctrl+C or SIGTERM. What follows -- are the program's arguments.") { background };
        run.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            var isBackground = result.GetValue(background);
            if (isBackground)
            {
                Control.Native.LeaveTerminal();
            }

            return Runner.RunAsync(run.Read(result, arguments, isBackground), cancellation);
        });
        return command;
    }
}
