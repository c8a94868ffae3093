using System.Runtime.InteropServices;
using Prefork.Reporting;
using Prefork.Tool.Control;
using Prefork.Tool.Memory;
using Prefork.Tool.Settings;

namespace Prefork.Tool;

/// <summary>
/// The primary of <c>prefork run</c> and <c>start</c>: a supervisor, and an ear for the other commands. What it says itself goes to standard error, what its
/// workers say to the streams they chose, or all of it as JSON to standard output; in the background all of it goes to a file.
/// </summary>
internal sealed class Runner
{
    /// <summary>Of listen addresses; further ones are said as often as they come, within the bounds of <see cref="RepeatedLines"/>.</summary>
    private const int MostAddresses = 256;

    private const int LongestAddress = 200;
    private const int LongestError = 500;
    private static readonly TimeSpan s_starterPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(2);

    /// <summary>For a file system, by what can do without it.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly CommandLine _commandLine;
    private readonly RunOptions _start;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _comparing = new(1);
    private readonly HashSet<string> _addresses = [];
    private readonly RepeatedLines _repeated;
    private readonly ApplicationLog? _log;
    private readonly RunningMemory? _memory;
    private readonly Screen _screen;
    private readonly string _name;
    private ClusterSupervisor? _supervisor;

    private Runner(CommandLine commandLine, RunOptions options, string name)
    {
        _commandLine = commandLine;
        _start = options;
        _name = name;
        _log = commandLine.IsBackground ? ApplicationLog.OpenFor(name) : null;
        _memory = commandLine.Remembered is { } remembered ? new RunningMemory(remembered) : null;
        _screen = new Screen(commandLine.Json);
        _repeated = new RepeatedLines(Say, TimeProvider.System);
    }

    /// <summary>Hears all that it says itself; what the supervisor says has a kind.</summary>
    internal event Action<string, SupervisorEventKind?>? Said;

    /// <summary>The file that it writes to; null in the foreground.</summary>
    internal string? Log => _log?.Path;

    internal static async Task<int> RunAsync(CommandLine commandLine, CancellationToken cancellation)
    {
        // Said before anything starts, if it cannot work.
        var options = commandLine.Read();
        _ = options.Inspect();
        using var socket = TakeName(commandLine.Name ?? options.Name, options.Program);
        return await new Runner(commandLine, options, socket.Name).RunAsync(socket, cancellation);
    }

    internal static CommandException Taken(string name)
        => new(ExitCodes.Busy, $"an application named {name} runs already. 'prefork describe {name}' tells of it, 'prefork stop {name}' stops it, --name gives this one another name.");

    /// <summary>A name that was asked for is that or nothing; in the foreground one of our own making gets a number when it is taken.</summary>
    private static ControlSocket TakeName(string? name, string program)
    {
        var folder = ControlFolder.Open();
        if (name is not null)
        {
            return TryTake(folder, name) ?? throw Taken(name);
        }

        var stem = StartCommand.NameOf(program);
        for (var i = 1; ; i++)
        {
            if (TryTake(folder, i == 1 ? stem : $"{stem}-{i}") is { } socket)
            {
                return socket;
            }
        }
    }

    /// <summary>An application that was started without this one's state folder may have the name elsewhere.</summary>
    private static ControlSocket? TryTake(string folder, string name)
        => ControlFolder.All().Any(other => other != folder && ControlSocket.IsTaken(other, name)) ? null : ControlSocket.TryTake(folder, name);

    private async Task<int> RunAsync(ControlSocket socket, CancellationToken cancellation)
    {
        if (_start.Policy is { } policy)
        {
            Cluster.SchedulingPolicy = policy;
        }

        var supervisorOptions = new SupervisorOptions { Output = OnOutput, OutputRoom = RoomAsync, Reconfigure = _start.File is null ? null : Reconfigure };
        LauncherOf(_start).ApplyTo(supervisorOptions);
        var supervisor = _supervisor = new ClusterSupervisor(supervisorOptions);
        supervisor.Happened += (_, e) => Say(e.Message, e.Kind);
        using var idle = GiveBackMemoryWhenQuiet(supervisor);
        Cluster.Listening += (_, e) => OnListening(e.Address);
        Cluster.ListenFailed += (_, e) => OnListenFailed(e.Worker, e.Failure);
        Cluster.Error += (_, e) => OnError(e.Worker, e.Exception);

        // The primary, which is made here at the latest, notes which sockets it was given. What this process has beyond its standard streams, such as a lock that a deploy script holds,
        // is not its workers' to keep.
        _ = Cluster.Workers.Count;
        Control.Native.KeepDescriptors();
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = started.Task.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
        supervisor.Happened += (_, _) => _ = CheckStartedAsync(supervisor, started);
        var application = new Application(_name, supervisor, started.Task, ended.Task, this);
        var control = new ControlServer(socket, application.HandleAsync);
        Say($"{Environment.ProcessId} runs {_start.Workers} {(_start.Workers == 1 ? "worker" : "workers")} of {_start.Program} as {_name}{(_start.File is { } file ? $", by {file}" : "")}");
        _memory?.Begin(Say);

        // Only noted: what a signal does is the supervisor's.
        PosixSignal? signal = null;
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => signal ??= context.Signal);
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => signal ??= context.Signal);
        var upkeep = new Upkeep([() => _log?.Restore() == true ? "the log was removed, and is begun anew" : null, () => _memory?.Touch(), control.Restore], Say);
        try
        {
            await supervisor.RunAsync(cancellation);
            Say("stopped");
            await RememberAsync(application.IsToldToStop ? "it was told to stop" : signal is { } name ? $"{name} stopped it" : "its workers ended with codes that mean not to start them again", asked: application.IsToldToStop);
            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is SupervisorException or UnusableProgramException or ArgumentException or UnauthorizedAccessException)
        {
            started.TrySetException(exception);
            Say(exception.Message);
            await RememberAsync(exception.Message, asked: false);
            if (_commandLine.IsBackground)
            {
                // A program that fails at once may be faster than whoever has started it, and waits to hear why.
                await Task.WhenAny(application.IsAsked, Task.Delay(s_starterPatience, CancellationToken.None));
            }

            return ExitCodes.Failed;
        }
        finally
        {
            started.TrySetException(new InvalidOperationException("It was stopped before all workers served."));
            ended.SetResult();

            // First: it would make the socket anew.
            await upkeep.DisposeAsync();
            await control.DisposeAsync();
            _repeated.Dispose();
            await _screen.DisposeAsync();
            if (_log is not null)
            {
                await _log.DisposeAsync();
            }
        }
    }

    private Task RememberAsync(string end, bool asked)
        => _memory is { } memory ? Task.WhenAny(Task.Run(() => memory.End(end, asked)), Task.Delay(s_patience, CancellationToken.None)) : Task.CompletedTask;

    /// <summary>
    /// A start or a reload takes memory, and then nothing happens for days in which the collector would find it free. A few milliseconds
    /// in which no connection is handed over, once, after all is done.
    /// </summary>
    private static Timer GiveBackMemoryWhenQuiet(ClusterSupervisor supervisor)
    {
        var timer = new Timer(static _ => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive));
        supervisor.Happened += (_, _) => timer.Change(s_quiet, Timeout.InfiniteTimeSpan);
        return timer;
    }

    private static async Task CheckStartedAsync(ClusterSupervisor supervisor, TaskCompletionSource started)
    {
        if (!started.Task.IsCompleted && (await supervisor.GetStatusAsync()).State == SupervisorState.Healthy)
        {
            started.TrySetResult();
        }
    }

    private Launcher LauncherOf(RunOptions options) => new(
        options,
        isOnTerminal: !_commandLine.IsBackground && !_commandLine.Json && !Console.IsOutputRedirected,
        hasInput: _commandLine.IsBackground || !Console.IsInputRedirected,
        SayInOrder);

    /// <summary>For a reload: the file as it is now.</summary>
    private void Reconfigure(SupervisorOptions next)
    {
        var before = Launcher.Of(next).Options;
        var options = _commandLine.Read();
        foreach (var change in options.ChangesSince(before, _start))
        {
            SayInOrder($"{options.File}: {change}");
        }

        LauncherOf(options).ApplyTo(next);
    }

    /// <summary>What a reload would find in the file that is not so now; null without a file.</summary>
    internal async Task<ConfigurationStatus?> CompareAsync(SupervisorOptions inForce)
    {
        if (_start.File is not { } file)
        {
            return null;
        }

        // One at a time: its file system may not answer, and how the application is can be told without.
        if (await _comparing.WaitAsync(s_patience))
        {
            var comparing = Task.Run(() =>
            {
                try
                {
                    return Compare(file, inForce);
                }
                finally
                {
                    _comparing.Release();
                }
            });
            try
            {
                return await comparing.WaitAsync(s_patience);
            }
            catch (TimeoutException)
            {
                // It goes on by itself.
            }
        }

        return new ConfigurationStatus(file, [], $"{file} could not be read within {s_patience.TotalSeconds} s: its file system does not answer.");
    }

    private ConfigurationStatus Compare(string file, SupervisorOptions inForce)
    {
        try
        {
            return new ConfigurationStatus(file, [.. _commandLine.Read().ChangesSince(Launcher.Of(inForce).Options, _start)], null);
        }
        catch (CommandException exception)
        {
            return new ConfigurationStatus(file, [], exception.Message);
        }
    }

    /// <summary>Waits for neither file nor terminal; <see cref="RoomAsync"/> does.</summary>
    private void OnOutput(WorkerOutput line) => Write(LogLine.Of(line));

    private ValueTask RoomAsync(bool isError) => _log?.RoomAsync() ?? _screen.RoomAsync(isError);

    /// <summary>Ends when what has been said can be read in the log; or is held.</summary>
    internal Task WrittenAsync() => _log?.WrittenAsync() ?? Task.CompletedTask;

    private void OnListening(ListeningAddress address)
    {
        var text = PlainText.Line(Addresses.Describe(address), LongestAddress);
        lock (_lock)
        {
            if (_addresses.Contains(text))
            {
                return;
            }

            if (_addresses.Count < MostAddresses)
            {
                _addresses.Add(text);
            }
        }

        _repeated.Say("listening", $"listening on {text}");
    }

    private void OnError(WorkerProcess? worker, Exception exception)
    {
        var line = worker is null ? exception.Message : $"worker {worker.Id}: {exception.Message}";
        _repeated.Say(worker is null ? "errors" : $"worker {worker.Id}", PlainText.Line(line, LongestError));
    }

    private void OnListenFailed(WorkerProcess worker, ListenFailure failure)
        => _repeated.Say($"worker {worker.Id}", PlainText.Line($"worker {worker.Id} {failure.Message}", LongestError));

    /// <summary>Behind what the supervisor has told before.</summary>
    private void SayInOrder(string line) => _supervisor!.Say(line);

    internal void Say(string line) => Say(line, null);

    internal void Say(string line, SupervisorEventKind? kind)
    {
        Write(LogLine.Of(line));
        Said?.Invoke(line, kind);
    }

    private void Write(LogLine line)
    {
        if (_log is not null)
        {
            _log.Write(line);
        }
        else
        {
            _screen.Write(line);
        }
    }
}
