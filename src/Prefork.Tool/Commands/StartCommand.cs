using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Prefork.Tool.Control;
using Prefork.Tool.Memory;
using Prefork.Tool.Settings;

namespace Prefork.Tool;

/// <summary>
/// <c>prefork start [PROGRAM] [options] [-- ARGUMENTS]</c>: the same as <c>run</c>, in the background, and ends when all workers serve. <c>prefork start NAME</c>
/// starts one that was started before, as it was.
/// </summary>
internal static class StartCommand
{
    internal const string BackgroundOption = "--in-background";
    private const int ShownLines = 20;
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);

    /// <param name="arguments">The program's; null when there was no <c>--</c>.</param>
    internal static Command Create(IReadOnlyList<string>? arguments)
    {
        var run = new RunArguments();
        var command = new Command("start", "Runs a program as workers, in the background. Ends when all of them serve, or when they do not. With the name of an application that was started before, starts that as it was.");
        run.AddTo(command);
        string[] programs = arguments is null ? [] : ["--", .. arguments];
        command.SetAction((result, cancellation) => Output.RunAsync(result.GetValue(run.Json), () =>
        {
            IReadOnlyList<string> words = [.. run.Write(result), .. programs];
            return words is [var name] && !File.Exists(name) && ControlSocket.IsName(name) && ApplicationMemory.Find(name) is { } remembered
                ? StartAsync(remembered, result.GetValue(run.Json), cancellation)
                : StartAsync(run.Read(result, arguments), words, result.GetValue(run.Json), cancellation);
        }));
        return command;
    }

    /// <summary>
    /// For the process in the background, whose command line names a file: everybody can read a command line, and variables may be secrets. The words in
    /// the file are its own then.
    /// </summary>
    internal static string[] Expand(string[] words)
        => IsBackground(words) && words.Length == 2 && ApplicationMemory.Read(words[1][(BackgroundOption.Length + 1)..]) is { } application
            ? [.. words, .. application.Words]
            : words;

    /// <summary>Whether they are for the process in the background, whose standard error keeps the last words of a crash: what else is said, the start has said.</summary>
    internal static bool IsBackground(string[] words) => words is ["run", var option, ..] && option.StartsWith($"{BackgroundOption}=", StringComparison.Ordinal);

    /// <summary>What a start has left in a file for the process in the background, which is read once.</summary>
    internal static RememberedApplication Take(string file)
    {
        var application = ApplicationMemory.Read(file) ?? throw new CommandException(ExitCodes.Usage, $"{file} is nothing that 'prefork start' has written. Use 'prefork start'.");
        File.Delete(file);
        return application;
    }

    /// <summary>Checked now, so that what cannot work is said before anything starts.</summary>
    private static RememberedApplication Remember(CommandLine commandLine, IReadOnlyList<string> words)
    {
        var options = commandLine.Read();
        _ = options.Inspect();

        // Where that is not there any more, nothing that was given is relative to it.
        var folder = CurrentFolder.PathOrEmpty is { Length: > 0 } current ? current : "/";
        return new RememberedApplication(options.Name ?? NameOf(options.Program), words, folder, ApplicationMemory.LastingEnvironment()) { Program = options.Program };
    }

    /// <summary>The program's file name without extension, with what cannot be in a name replaced.</summary>
    internal static string NameOf(string program)
    {
        var stem = Path.GetFileNameWithoutExtension(program);
        var name = new string([.. stem.Take(60).Select(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-' ? letter : '-')]).TrimStart('.');
        return name.Length > 0 ? name : "app";
    }

    /// <summary>Of a file with several applications all, one after the other: each may count on those before it.</summary>
    private static async Task<int> StartAsync(CommandLine commandLine, IReadOnlyList<string> words, bool json, CancellationToken cancellation)
    {
        if (commandLine.Several() is not { } names)
        {
            return await StartAsync(Remember(commandLine, words), json, cancellation);
        }

        if (!commandLine.Given.IsNothing)
        {
            throw new CommandException(ExitCodes.Usage, $"{commandLine.File} has several applications, and options count for one. Name it (--name {names[0]}), or write the options into the file.");
        }

        // All are looked at before the first one starts.
        var applications = names.Select(name => Remember(
            new CommandLine(Given.Nothing.With(KnownSettings.Name, KnownSettings.Name.Create(name, "")), commandLine.File), [$"--config={commandLine.File}", $"--name={name}"])).ToList();
        foreach (var application in applications)
        {
            if (ControlSocket.IsTakenAnywhere(application.Name))
            {
                Output.Complain($"{application.Name} runs already");
                continue;
            }

            await StartAsync(application, json, cancellation);
        }

        return ExitCodes.Success;
    }

    private static async Task<int> StartAsync(RememberedApplication application, bool json, CancellationToken cancellation)
    {
        var name = application.Name;
        if (ControlSocket.IsTakenAnywhere(name))
        {
            throw Runner.Taken(name);
        }

        if (!Directory.Exists(application.Folder))
        {
            throw new CommandException(ExitCodes.Usage, $"{name} was started in {application.Folder}, which is not there any more. Make it again, or start {name} by its program.");
        }

        // What it says that is not for its log. Of several that are started at once, each has a file of its own till one has the name.
        var logs = ApplicationLog.FolderOf(name);
        var running = RunningApplication.OwnIn(ControlFolder.Open(), name);
        var said = Path.Combine(logs, $"start-{Environment.ProcessId}.txt");
        var given = Path.Combine(logs, $"start-{Environment.ProcessId}.json");
        ControlReply reply;
        try
        {
            Write(given, application);
            MakePrivate(said);
            using var process = Launch(application, said, given);
            try
            {
                reply = await WaitAsync(running, process, said, cancellation);
            }
            finally
            {
                Keep(said, Path.Combine(logs, "start.txt"), process);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // It may not have been read. After Ctrl+C it will be: what was begun goes on.
            File.Delete(given);
            throw;
        }

        var workers = reply.Status!.Cluster.DesiredWorkers;
        reply = reply with { Message = $"{name} runs: {workers} {(workers == 1 ? "worker" : "workers")} of {reply.Status.Cluster.Program}, pid {reply.Status.ProcessId}" };
        if (json)
        {
            Output.WriteJson(reply);
        }
        else
        {
            Output.Say(reply.Message);
            Output.Say($"listens on {(reply.Status.Addresses is { Count: > 0 } addresses ? string.Join(", ", addresses) : "nothing yet")}");
            Output.Say($"log: {reply.Status.Log}");
            Output.Say($"'prefork logs {name} -f' follows it, 'prefork describe {name}' shows its workers, 'prefork stop {name}' stops it");
        }

        return ExitCodes.Success;
    }

    /// <summary>The shell that writes to it keeps its mode.</summary>
    private static void MakePrivate(string file)
        => new FileStream(file, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = RuntimeFolder.PrivateFile }).Dispose();

    private static void Write(string file, RememberedApplication application)
    {
        try
        {
            ApplicationMemory.Write(file, application);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.Failed, $"{file} cannot be written: {exception.Message}; is the disk full? See to it that it can, or set {ControlFolder.Variable} to another folder.");
        }
    }

    private static async Task<ControlReply> WaitAsync(RunningApplication application, Process process, string said, CancellationToken cancellation)
    {
        var name = application.Name;
        while (!await IsOwnerAsync(process, application, cancellation))
        {
            if (process.HasExited)
            {
                throw process.ExitCode switch
                {
                    ExitCodes.Busy => Runner.Taken(name),
                    var code => new CommandException(code == ExitCodes.Usage ? code : ExitCodes.Failed, $"{name} ended before it could be asked:") { More = Tail(said) ?? Tail(OwnLog(name, process.Id)) ?? [] },
                };
            }

            await Task.Delay(s_look, cancellation);
        }

        var reply = await Output.WaitAsync($"starting {name}", tell => ControlClient.AskAsync(application, new ControlRequest("started"), @event => tell(@event.Event!), null, cancellation));
        if (reply.ExitCode != ExitCodes.Success)
        {
            await process.WaitForExitAsync(cancellation);
            throw new CommandException(ExitCodes.Failed, $"{name} does not work: {reply.Message}") { More = [$"prefork: 'prefork logs {name}' shows all that it said."], LastLines = reply.LastLines };
        }

        return reply;
    }

    /// <summary>Whether it is the process that we have started who answers there: somebody else may have been faster, and a dead one's socket be left.</summary>
    private static async Task<bool> IsOwnerAsync(Process process, RunningApplication application, CancellationToken cancellation)
    {
        try
        {
            return File.Exists(application.Socket) && (await ControlClient.StatusAsync(application, brief: true, cancellation)).ProcessId == process.Id;
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
    private static Process Launch(RememberedApplication application, string said, string given)
    {
        // By the dotnet host, or by an executable of its own: the first argument says.
        string[] self = Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet" ? [Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, "Prefork.Tool.dll")] : [Environment.ProcessPath!];
        var start = new ProcessStartInfo("/bin/sh", ["-c", "said=$1; shift; exec \"$@\" </dev/null >\"$said\" 2>&1", "sh", said, .. self, "run", $"{BackgroundOption}={given}"]) { WorkingDirectory = application.Folder };
        start.Environment.Clear();
        foreach (var (name, value) in ApplicationMemory.EnvironmentFor(application))
        {
            start.Environment[name] = value;
        }

        // A lock that a deploy script holds, for one, would be held as long as the application runs.
        Control.Native.KeepDescriptors();
        return Process.Start(start)!;
    }

    /// <summary>What the log has of this process: the first thing that it says has its number in it. Earlier lines are those of others before it.</summary>
    private static IEnumerable<string> OwnLog(string name, int pid)
    {
        var first = string.Create(CultureInfo.InvariantCulture, $"{pid} runs ");
        var own = new Queue<string>();
        var isOwn = false;
        using var reader = new LogReader(ApplicationLog.FolderOf(name));
        while ((reader.Read() ?? reader.Rest()) is { } bytes)
        {
            var line = Encoding.UTF8.GetString(bytes);
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

    private static IReadOnlyList<string>? Tail(string file) => File.Exists(file) ? Tail(File.ReadLines(file)) : null;

    /// <summary>The last lines; null when there are none.</summary>
    private static IReadOnlyList<string>? Tail(IEnumerable<string> said) => said.TakeLast(ShownLines).Select(static line => $"  {line}").ToList() is { Count: > 0 } lines ? lines : null;
}
