using Prefork.Tool.Control;

namespace Prefork.Tool;

/// <summary>
/// The primary of <c>prefork run</c> and <c>start</c>: a supervisor, and an ear for the other commands. What it says itself goes to standard error, what its
/// workers say to the streams they chose; in the background all of it goes to a file.
/// </summary>
internal sealed class Runner
{
    private readonly RunOptions _options;
    private readonly Lock _lock = new();
    private readonly HashSet<string> _addresses = [];
    private readonly ApplicationLog? _log;
    private readonly string _name;

    private Runner(RunOptions options, string name)
    {
        _options = options;
        _name = name;
        _log = options.IsBackground ? ApplicationLog.Open(name) : null;
    }

    internal static async Task<int> RunAsync(RunOptions options, CancellationToken cancellation)
    {
        try
        {
            // Said before anything starts, if it cannot work.
            _ = Inspect(options);
            using var socket = TakeName(options);
            return await new Runner(options, socket.Name).RunAsync(socket, cancellation);
        }
        catch (Exception exception) when (exception is UnusableProgramException or ArgumentException)
        {
            await Console.Error.WriteLineAsync($"prefork: {exception.Message}");
            return ExitCodes.Usage;
        }
        catch (CommandException exception)
        {
            await Console.Error.WriteLineAsync($"prefork: {exception.Message}");
            return exception.ExitCode;
        }
    }

    internal static Target Inspect(RunOptions options)
        => options.WorkingDirectory is { } directory && !Directory.Exists(directory)
            ? throw new UnusableProgramException($"There is no folder {Path.GetFullPath(directory)} (--cwd).")
            : Target.Inspect(options.Program, options.WorkingDirectory);

    /// <summary>A name that was asked for is that or nothing; in the foreground one of our own making gets a number when it is taken.</summary>
    private static ControlSocket TakeName(RunOptions options)
    {
        var folder = RuntimeFolder.Open();
        if (options.Name is { } name)
        {
            return ControlSocket.TryTake(folder, ControlSocket.Check(name))
                ?? throw new CommandException(ExitCodes.Busy, $"an application named {name} runs already. 'prefork describe {name}' tells of it, 'prefork stop {name}' stops it, --name gives this one another name.");
        }

        var stem = StartCommand.NameOf(options.Program);
        for (var i = 1; ; i++)
        {
            if (ControlSocket.TryTake(folder, i == 1 ? stem : $"{stem}-{i}") is { } socket)
            {
                return socket;
            }
        }
    }

    private async Task<int> RunAsync(ControlSocket socket, CancellationToken cancellation)
    {
        if (_options.Policy is { } policy)
        {
            Cluster.SchedulingPolicy = policy;
        }

        var supervisor = new ClusterSupervisor(SupervisorOptions());
        supervisor.Happened += (_, e) => Say(e.Message);
        Cluster.Listening += (_, e) => OnListening(e.Address);
        Cluster.Error += (_, e) => Say(e.Worker is null ? e.Exception.Message : $"worker {e.Worker.Id}: {e.Exception.Message}");
        Say($"{Environment.ProcessId} runs {_options.Workers} {(_options.Workers == 1 ? "worker" : "workers")} of {Path.GetFullPath(_options.Program, Path.GetFullPath(_options.WorkingDirectory ?? "."))} as {_name}");
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = started.Task.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
        supervisor.Happened += (_, _) => _ = CheckStartedAsync(supervisor, started);
        var control = new ControlServer(socket, new Application(_name, _log?.Path, supervisor, started.Task, () => Say("is told to stop")).HandleAsync);
        try
        {
            await supervisor.RunAsync(cancellation);
            Say("stopped");
            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is SupervisorException or UnusableProgramException or ArgumentException or UnauthorizedAccessException)
        {
            started.TrySetException(exception);
            Say(exception.Message);
            return ExitCodes.Failed;
        }
        finally
        {
            started.TrySetException(new InvalidOperationException("It was stopped before all workers served."));
            await control.DisposeAsync();
            _log?.Dispose();
        }
    }

    private static async Task CheckStartedAsync(ClusterSupervisor supervisor, TaskCompletionSource started)
    {
        if (!started.Task.IsCompleted && (await supervisor.GetStatusAsync()).State == SupervisorState.Healthy)
        {
            started.TrySetResult();
        }
    }

    private SupervisorOptions SupervisorOptions()
    {
        var defaults = new SupervisorOptions();
        var options = new SupervisorOptions
        {
            Workers = _options.Workers,
            Launch = Launch,
            BootTimeout = _options.BootTimeout,
            HealthGate = _options.HealthGate,
            StopTimeout = _options.StopTimeout ?? defaults.StopTimeout,
            WatchWindow = _options.WatchWindow ?? defaults.WatchWindow,
            KeepPreviousWarm = _options.KeepWarm,
            Output = OnOutput,
            ExplainBootTimeout = worker => BootFailure.Describe(worker, Inspect(_options), _options.BootTimeout.TotalSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        };
        options.Recycling.MaxAge = _options.MaxAge;
        options.Recycling.MaxMemory = _options.MaxMemory;
        options.Recycling.MaxRequests = _options.MaxRequests;
        return options;
    }

    /// <summary>For each generation: the program may be another one by now.</summary>
    private void Launch(ClusterSettings settings)
    {
        var target = Inspect(_options);
        settings.Exec = target.Path;
        settings.ExecArguments = [];
        settings.Arguments = _options.Arguments;
        settings.WorkingDirectory = _options.WorkingDirectory;
        settings.Environment = WorkerVariables.For(target, _options);
    }

    private void OnOutput(WorkerOutput line)
    {
        if (_log is not null)
        {
            _log.Write(line);
        }
        else
        {
            (line.IsError ? Console.Error : Console.Out).WriteLine(line.Line);
        }
    }

    private void OnListening(ListeningAddress address)
    {
        var text = address.ToEndPoint()?.ToString() ?? (address.Descriptor is { } descriptor ? $"descriptor {descriptor}" : "an address of its own");
        lock (_lock)
        {
            if (!_addresses.Add(text))
            {
                return;
            }
        }

        Say($"listening on {text}");
    }

    private void Say(string line)
    {
        if (_log is not null)
        {
            _log.Write(line);
        }
        else
        {
            Console.Error.WriteLine($"prefork: {line}");
        }
    }
}
