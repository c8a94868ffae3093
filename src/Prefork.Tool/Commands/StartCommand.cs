using System.CommandLine;
using System.Diagnostics;
using Prefork.Tool.Control;
using Prefork.Tool.Settings;

namespace Prefork.Tool;

/// <summary><c>prefork start [PROGRAM] [options] [-- ARGUMENTS]</c>: the same as <c>run</c>, in the background, and ends when all workers serve.</summary>
internal static class StartCommand
{
    internal const string BackgroundOption = "--in-background";
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);

    /// <param name="arguments">The program's; null when there was no <c>--</c>.</param>
    /// <param name="own">This command line's, without the program's arguments.</param>
    internal static Command Create(IReadOnlyList<string>? arguments, IReadOnlyList<string> own)
    {
        var run = new RunArguments();
        var command = new Command("start", "Runs a program as workers, in the background. Ends when all of them serve, or when they do not.");
        run.AddTo(command);
        command.SetAction((result, cancellation) => Output.RunAsync(result.GetValue(run.Json), () => StartAsync(run.Read(result, arguments), own, arguments, cancellation)));
        return command;
    }

    /// <summary>The program's file name without extension, with what cannot be in a name replaced.</summary>
    internal static string NameOf(string program)
    {
        var stem = Path.GetFileNameWithoutExtension(program);
        var name = new string([.. stem.Take(60).Select(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-' ? letter : '-')]).TrimStart('.');
        return name.Length > 0 ? name : "app";
    }

    private static async Task<int> StartAsync(CommandLine commandLine, IReadOnlyList<string> own, IReadOnlyList<string>? arguments, CancellationToken cancellation)
    {
        var options = commandLine.Read();
        _ = options.Inspect();
        var name = options.Name ?? NameOf(options.Program);
        var folder = RuntimeFolder.Open();
        using (var free = ControlSocket.TryTake(folder, name))
        {
            if (free is null)
            {
                throw new CommandException(ExitCodes.Busy, $"an application named {name} runs already. 'prefork describe {name}' tells of it, 'prefork stop {name}' stops it, --name gives this one another name.");
            }
        }

        var log = Path.Combine(ApplicationLog.FolderOf(name), "start.txt");
        using var process = Launch(name, log, own, arguments);
        var socket = ControlSocket.PathOf(folder, name);
        while (!File.Exists(socket))
        {
            if (process.HasExited)
            {
                throw new CommandException(process.ExitCode is ExitCodes.Busy or ExitCodes.Usage ? process.ExitCode : ExitCodes.Failed, $"{name} ended before it could be asked:\n{Tail(log)}{Tail(LogOf(name))}".TrimEnd());
            }

            await Task.Delay(s_look, cancellation);
        }

        var reply = await Output.WaitAsync($"starting {name}", tell => ControlClient.AskAsync(socket, new ControlRequest("started"), tell, null, cancellation));
        if (reply.ExitCode != ExitCodes.Success)
        {
            await process.WaitForExitAsync(cancellation);
            throw new CommandException(ExitCodes.Failed, $"{name} does not work: {reply.Message}\n{Tail(LogOf(name))}".TrimEnd());
        }

        reply = reply with { Message = $"{name} runs: {reply.Status!.Cluster.DesiredWorkers} {(reply.Status.Cluster.DesiredWorkers == 1 ? "worker" : "workers")} of {reply.Status.Cluster.Program}, pid {reply.Status.ProcessId}" };
        if (commandLine.Json)
        {
            Output.WriteJson(reply);
        }
        else
        {
            Output.Say(reply.Message);
        }

        return ExitCodes.Success;
    }

    /// <summary>This program again. A shell redirects, because .NET does not.</summary>
    private static Process Launch(string name, string log, IReadOnlyList<string> own, IReadOnlyList<string>? arguments)
    {
        // By the dotnet host, or by an executable of its own: the first argument says.
        string[] self = Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet" ? [Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, "Prefork.Tool.dll")] : [Environment.ProcessPath!];
        var at = own.ToList().IndexOf("start");
        var rest = own.Skip(at + 1).Where(static argument => argument != "--json");
        string[] programs = arguments is null ? [] : ["--", .. arguments];
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" </dev/null >\"$log\" 2>&1", "sh", log, .. self, .. own.Take(at), "run", BackgroundOption, name, .. rest, .. programs]);
        return Process.Start(start)!;
    }

    private static string LogOf(string name) => ApplicationLog.Files(ApplicationLog.FolderOf(name)).LastOrDefault() ?? "";

    private static string Tail(string file) => File.Exists(file) ? string.Concat(File.ReadLines(file).TakeLast(20).Select(static line => $"  {line}\n")) : "";
}
