using System.Globalization;

namespace Prefork.Tool;

/// <summary>
/// The primary of <c>prefork run</c>: so many workers, replaced when they die, until it is told to stop. Everything it says goes to its
/// standard error; its workers have its standard streams.
/// </summary>
internal sealed class Runner
{
    private readonly RunOptions _options;
    private readonly Target _target;
    private readonly TextWriter _output;
    private readonly Restarts _restarts = new(TimeProvider.System);
    private readonly HashSet<string> _addresses = [];
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _failed = new();
    private string? _failure;
    private bool _listened;

    private Runner(RunOptions options, Target target, TextWriter output)
    {
        _options = options;
        _target = target;
        _output = output;
    }

    internal static async Task<int> RunAsync(RunOptions options, CancellationToken cancellation)
    {
        var output = Console.Error;
        try
        {
            if (options.WorkingDirectory is { } directory && !Directory.Exists(directory))
            {
                throw new UnusableProgramException($"There is no folder {Path.GetFullPath(directory)} (--cwd).");
            }

            return await new Runner(options, Target.Inspect(options.Program, options.WorkingDirectory), output).RunAsync(cancellation);
        }
        catch (Exception exception) when (exception is UnusableProgramException or ArgumentException)
        {
            await output.WriteLineAsync($"prefork: {exception.Message}");
            return ExitCodes.Usage;
        }
    }

    private async Task<int> RunAsync(CancellationToken cancellation)
    {
        Cluster.SetupPrimary(settings =>
        {
            settings.Exec = _target.Path;
            settings.ExecArguments = [];
            settings.Arguments = _options.Arguments;
            settings.WorkingDirectory = _options.WorkingDirectory;
            settings.Environment = Variables();
            settings.ExpectedWorkers = _options.Workers;
        });
        if (_options.Policy is { } policy)
        {
            Cluster.SchedulingPolicy = policy;
        }

        Cluster.Listening += (_, e) => OnListening(e);
        Cluster.Exited += (_, e) => OnExited(e);
        Cluster.Error += (_, e) => Say(e.Worker is null ? e.Exception.Message : $"{Name(e.Worker)}: {e.Exception.Message}");
        Say($"{Environment.ProcessId} runs {_options.Workers} {(_options.Workers == 1 ? "worker" : "workers")} of {_target.Path}");
        for (var i = 0; i < _options.Workers; i++)
        {
            Fork();
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _failed.Token);
        await Cluster.WaitForShutdownAsync(ended.Token);
        if (_failure is not null)
        {
            Say(_failure);
            return ExitCodes.Failed;
        }

        Say("stopped");
        return ExitCodes.Success;
    }

    private Dictionary<string, string?> Variables()
    {
        var variables = new Dictionary<string, string?>(_options.Environment);
        if (_target.Kind == TargetKind.Managed)
        {
            const string Hooks = "DOTNET_STARTUP_HOOKS";
            var others = variables.GetValueOrDefault(Hooks) ?? Environment.GetEnvironmentVariable(Hooks);
            variables[Hooks] = string.IsNullOrEmpty(others) ? Hook : $"{Hook}{Path.PathSeparator}{others}";
        }

        return variables;
    }

    private static string Hook
    {
        get
        {
            var hook = Path.Combine(AppContext.BaseDirectory, "hook", "Prefork.Hook.dll");
            return File.Exists(hook) ? hook : throw new UnusableProgramException($"This installation is damaged: {hook} is missing. Install the tool again.");
        }
    }

    private void Fork()
    {
        var worker = Cluster.Fork();
        _ = WatchBootAsync(worker);
    }

    private async Task WatchBootAsync(WorkerProcess worker)
    {
        try
        {
            await worker.WaitForListeningAsync().WaitAsync(_options.BootTimeout);
        }
        catch (TimeoutException)
        {
            var seconds = _options.BootTimeout.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            var why = BootFailure.Describe(worker, _target, seconds);
            Say($"{Name(worker)} {why}");
            Fail(why);
            worker.Kill(Signal.SIGKILL);
        }
        catch (InvalidOperationException)
        {
            // It ended first: OnExited says how.
        }
    }

    private void OnListening(WorkerListeningEventArgs e)
    {
        _restarts.Worked();
        lock (_lock)
        {
            _listened = true;
            var address = Describe(e.Address);
            if (!_addresses.Add(address))
            {
                return;
            }

            Say($"listening on {address}");
        }
    }

    private void OnExited(WorkerExitedEventArgs e)
    {
        if (e.Exit.Asked || _failed.IsCancellationRequested)
        {
            return;
        }

        var delay = _restarts.Next();
        if (delay is null)
        {
            Say($"{Name(e.Worker)} ended ({e.Exit})");
            Fail($"gives up: {Restarts.MostFailures} workers in a row ended before they listened. What they said is above.");
            return;
        }

        Say($"{Name(e.Worker)} ended ({e.Exit}); {(delay == TimeSpan.Zero ? "starting another" : $"starting another in {delay.Value.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s")}");
        _ = ForkAfterAsync(delay.Value);
    }

    private async Task ForkAfterAsync(TimeSpan delay)
    {
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay);
        }

        if (!_failed.IsCancellationRequested)
        {
            Fork();
        }
    }

    /// <summary>Ends the command, but not while there are workers that serve: then it is theirs that goes on.</summary>
    private void Fail(string why)
    {
        lock (_lock)
        {
            if (_listened || _failure is not null)
            {
                return;
            }

            _failure = why;
        }

        _failed.Cancel();
    }

    private void Say(string line) => _output.WriteLine($"prefork: {line}");

    private static string Name(WorkerProcess worker) => $"worker {worker.Id}{(worker.Process.Id is { } pid ? $" (pid {pid})" : "")}";

    private static string Describe(ListeningAddress address)
        => address.ToEndPoint()?.ToString() ?? (address.Descriptor is { } descriptor ? $"descriptor {descriptor}" : "an address of its own");
}
