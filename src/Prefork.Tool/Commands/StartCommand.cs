using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Prefork.Tool.Control;
using Prefork.Tool.Settings;

namespace Prefork.Tool;

/// <summary><c>prefork start [PROGRAM] [options] [-- ARGUMENTS]</c>: the same as <c>run</c>, in the background, and ends when all workers serve.</summary>
internal static class StartCommand
{
    internal const string BackgroundOption = "--in-background";
    private const int ShownLines = 20;
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);

    /// <param name="arguments">The program's; null when there was no <c>--</c>.</param>
    internal static Command Create(IReadOnlyList<string>? arguments)
    {
        var run = new RunArguments();
        var command = new Command("start", "Runs a program as workers, in the background. Ends when all of them serve, or when they do not.");
        run.AddTo(command);
        string[] programs = arguments is null ? [] : ["--", .. arguments];
        command.SetAction((result, cancellation) => Output.RunAsync(result.GetValue(run.Json), () => StartAsync(run.Read(result, arguments), [.. run.Write(result), .. programs], cancellation)));
        return command;
    }

    /// <summary>The program's file name without extension, with what cannot be in a name replaced.</summary>
    internal static string NameOf(string program)
    {
        var stem = Path.GetFileNameWithoutExtension(program);
        var name = new string([.. stem.Take(60).Select(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-' ? letter : '-')]).TrimStart('.');
        return name.Length > 0 ? name : "app";
    }

    /// <param name="commandLine">What is to run.</param>
    /// <param name="words">The same, for <c>run</c>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    private static async Task<int> StartAsync(CommandLine commandLine, IReadOnlyList<string> words, CancellationToken cancellation)
    {
        var options = commandLine.Read();
        _ = options.Inspect();
        var name = options.Name ?? NameOf(options.Program);
        var folder = RuntimeFolder.Open();
        if (ControlSocket.IsTaken(folder, name))
        {
            throw Runner.Taken(name);
        }

        // What it says that is not for its log. Of several that are started at once, each has a file of its own till one has the name.
        var logs = ApplicationLog.FolderOf(name);
        var said = Path.Combine(logs, $"start-{Environment.ProcessId}.txt");
        using var process = Launch(name, said, words);
        ControlReply reply;
        try
        {
            reply = await WaitAsync(name, process, ControlSocket.PathOf(folder, name), said, cancellation);
        }
        finally
        {
            Keep(said, Path.Combine(logs, "start.txt"), process);
        }

        var workers = reply.Status!.Cluster.DesiredWorkers;
        reply = reply with { Message = $"{name} runs: {workers} {(workers == 1 ? "worker" : "workers")} of {reply.Status.Cluster.Program}, pid {reply.Status.ProcessId}" };
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

    private static async Task<ControlReply> WaitAsync(string name, Process process, string socket, string said, CancellationToken cancellation)
    {
        while (!await IsOwnerAsync(process, socket, cancellation))
        {
            if (process.HasExited)
            {
                throw process.ExitCode switch
                {
                    ExitCodes.Busy => Runner.Taken(name),
                    var code => new CommandException(code == ExitCodes.Usage ? code : ExitCodes.Failed, $"{name} ended before it could be asked:\n{Tail(said) ?? Tail(OwnLog(name, process.Id))}".TrimEnd()),
                };
            }

            await Task.Delay(s_look, cancellation);
        }

        var reply = await Output.WaitAsync($"starting {name}", tell => ControlClient.AskAsync(socket, new ControlRequest("started"), @event => tell(@event.Event!), null, cancellation));
        if (reply.ExitCode != ExitCodes.Success)
        {
            await process.WaitForExitAsync(cancellation);
            throw new CommandException(ExitCodes.Failed, $"{name} does not work: {reply.Message}\nprefork: 'prefork logs {name}' shows all that it said.") { LastLines = reply.LastLines };
        }

        return reply;
    }

    /// <summary>Whether it is the process that we have started who answers there: somebody else may have been faster, and a dead one's socket be left.</summary>
    private static async Task<bool> IsOwnerAsync(Process process, string socket, CancellationToken cancellation)
    {
        try
        {
            return File.Exists(socket) && (await ControlClient.StatusAsync(socket, cancellation)).ProcessId == process.Id;
        }
        catch (CommandException)
        {
            return false;
        }
    }

    /// <summary>The process goes on writing to its file, which gets the name that stays; one that did not get the application's name leaves nothing.</summary>
    private static void Keep(string said, string lasting, Process process)
    {
        if (process is { HasExited: true, ExitCode: ExitCodes.Busy })
        {
            File.Delete(said);
        }
        else if (File.Exists(said))
        {
            File.Move(said, lasting, overwrite: true);
        }
    }

    /// <summary>This program again, as <c>run</c>. A shell redirects, because .NET does not; and becomes it, so that it is the process that we have.</summary>
    private static Process Launch(string name, string said, IReadOnlyList<string> words)
    {
        // By the dotnet host, or by an executable of its own: the first argument says.
        string[] self = Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet" ? [Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, "Prefork.Tool.dll")] : [Environment.ProcessPath!];
        var start = new ProcessStartInfo("/bin/sh", ["-c", "said=$1; shift; exec \"$@\" </dev/null >\"$said\" 2>&1", "sh", said, .. self, "run", $"{BackgroundOption}={name}", .. words]);
        return Process.Start(start)!;
    }

    /// <summary>What the log has of this process: the first thing that it says has its number in it. Earlier lines are those of others before it.</summary>
    private static IEnumerable<string> OwnLog(string name, int pid)
    {
        var first = string.Create(CultureInfo.InvariantCulture, $"{pid} runs ");
        var own = new Queue<string>();
        var isOwn = false;
        using var reader = new LogReader(ApplicationLog.FolderOf(name));
        while ((reader.Read() ?? reader.Rest()) is { } line)
        {
            isOwn |= LogLine.Parse(line) is { Source: LogLine.Own } said && said.Line.StartsWith(first, StringComparison.Ordinal);
            if (isOwn)
            {
                own.Enqueue(line);
            }

            if (own.Count > ShownLines)
            {
                own.Dequeue();
            }
        }

        return own;
    }

    private static string? Tail(string file) => File.Exists(file) ? Tail(File.ReadLines(file)) : null;

    /// <summary>The last lines; null when there are none.</summary>
    private static string? Tail(IEnumerable<string> said)
        => string.Concat(said.TakeLast(ShownLines).Select(static line => $"  {line}\n")) is { Length: > 0 } lines ? lines : null;
}
