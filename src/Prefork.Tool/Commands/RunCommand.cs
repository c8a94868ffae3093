using System.CommandLine;

namespace Prefork.Tool;

/// <summary><c>prefork run [PROGRAM] [options] [-- ARGUMENTS]</c></summary>
internal static class RunCommand
{
    /// <param name="arguments">The program's; null when there was no <c>--</c>.</param>
    internal static Command Create(IReadOnlyList<string>? arguments)
    {
        var run = new RunArguments();
        var background = new Option<string?>(StartCommand.BackgroundOption) { Hidden = true };
        var command = new Command("run", "Runs a program as workers, in the foreground, until Ctrl+C or SIGTERM. What follows -- are the program's arguments.") { background };
        run.AddTo(command);
        command.SetAction((result, cancellation) => Output.RunAsync(result.GetValue(run.Json), () =>
        {
            var commandLine = run.Read(result, arguments);
            if (result.GetValue(background) is { } file)
            {
                Control.Native.LeaveTerminal();
                var application = StartCommand.Take(file);
                commandLine = commandLine with { IsBackground = true, Name = application.Name, Remembered = application };
            }

            return Runner.RunAsync(commandLine, cancellation);
        }));
        return command;
    }
}
