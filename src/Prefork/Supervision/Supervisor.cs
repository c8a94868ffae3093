using Prefork.Native;
using Prefork.Primary;
using Prefork.Processes;
using Prefork.Reporting;

namespace Prefork.Supervision;

/// <summary>
/// Desired state against actual state. Everything happens on one exclusive scheduler, so no lock guards the state; what takes time is awaited there, and
/// the state may be another one afterwards. Each pass is a few verbs: cull, spawn, check, recycle.
/// </summary>
internal sealed partial class Supervisor
{
    private const int RememberedEndings = 100;
    private const int RememberedGenerations = 5;

    /// <summary>Of calls that read what is to come, those, too, that nobody waits for any more. Further ones wait for one of them to return.</summary>
    private const int MostReads = 4;

    private readonly TaskScheduler _scheduler = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
    private readonly SupervisorOptions _initial;
    private readonly RunningTime _time;
    private readonly Action<SupervisorEventArgs> _raise;
    private readonly long _epoch;
    private readonly DateTimeOffset _since;
    private readonly ITimer _timer;
    private readonly List<Slot> _slots = [];
    private readonly List<SupervisedWorker> _workers = [];
    private readonly Queue<WorkerEnding> _endings = new();
    private readonly Stack<Generation> _previous = new();
    private readonly TaskCompletionSource<SupervisorException?> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<PrimaryRole> _primary;
    private readonly CancellationTokenSource _hurry = new();
    private readonly CancellationTokenSource _kill = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WaitingThreads? _reads;
    private Generation? _current;
    private SupervisorState _state = SupervisorState.Stopped;
    private RecycleRules? _recycleRules;
    private SupervisedWorker? _recycling;
    private Task? _stopping;
    private SupervisorException? _failure;
    private string? _operation;
    private int _desired;
    private int _lastGeneration;
    private int _restarts;
    private bool _replaces;
    private bool _starting;

    /// <param name="options">Of the first generation.</param>
    /// <param name="time">The clock.</param>
    /// <param name="raise">Hears of events.</param>
    /// <param name="primary">Whose workers they are; asked for at the start, and throws in a worker.</param>
    internal Supervisor(SupervisorOptions options, TimeProvider time, Action<SupervisorEventArgs> raise, Func<PrimaryRole> primary)
    {
        _primary = primary;
        _initial = options;
        _time = new RunningTime(time);
        _raise = raise;
        _epoch = _time.GetTimestamp();
        _since = time.GetUtcNow();
        _desired = options.Workers;
        _timer = _time.CreateTimer(_ => Post(OnTick), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ends when the supervisor has nothing more to do: with null when it was stopped or its workers are finished, else with why it gave up.</summary>
    internal Task<SupervisorException?> Done => _done.Task;

    /// <summary>Monotonic, since the supervisor was made, without the time in which this process did not run.</summary>
    private TimeSpan Now => _time.GetElapsedTime(_epoch);

    private PrimaryRole Primary => _primary();

    private bool IsStopping => _stopping is not null;

    internal Task<T> OnLoopAsync<T>(Func<Task<T>> function)
        => Task.Factory.StartNew(function, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler).Unwrap();

    internal Task OnLoopAsync(Func<Task> function)
        => Task.Factory.StartNew(function, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler).Unwrap();

    /// <summary>Starts the first generation, and ends when all of its workers serve.</summary>
    internal async Task StartAsync()
    {
        if (_starting)
        {
            throw new InvalidOperationException("A supervisor starts once.");
        }

        _starting = true;

        if (IsStopping)
        {
            // A signal came before there was anything to stop.
            await _done.Task;
            return;
        }

        Primary.AddSupervisor();
        _reads = Primary.NewReadThreads(MostReads);
        _replaces = true;
        _state = SupervisorState.Starting;
        try
        {
            (_current, _recycleRules) = await ReadAsync(reading => ReadGenerationAsync(reading, _initial, _desired));
        }
        catch (Exception) when (IsStopping)
        {
            // It was stopped while it was read.
            await _done.Task;
            return;
        }
        catch (Exception exception)
        {
            GiveUp(new SupervisorException(exception.Message, null, exception));
            await _done.Task;
            throw;
        }

        Changed();
        await UntilAsync(() => AllServe || IsStopping);
        if (_failure is not null)
        {
            await _done.Task;
            throw _failure;
        }
    }

    /// <summary>Ends all workers. A second call, and more, hasten it.</summary>
    internal Task StopAsync()
    {
        if (_stopping is not null)
        {
            Hasten();
            return _stopping;
        }

        return _stopping = StopAllAsync();
    }

    /// <summary>The first time SIGTERM for all that have not ended, the second time SIGKILL.</summary>
    internal void Hasten()
    {
        var again = _hurry.IsCancellationRequested;
        Raise(SupervisorEventKind.Notice, again ? "the stop is hastened once more: SIGKILL" : "the stop is hastened: SIGTERM");
        (again ? _kill : _hurry).Cancel();
    }

    private bool AllServe => _slots.Count >= _desired && _slots.Take(_desired).All(static slot => slot.IsFinished || slot.Holder?.Phase == WorkerPhase.Serving);

    private int Serving => _slots.Count(static slot => slot.Holder?.Phase == WorkerPhase.Serving);

    private async Task StopAllAsync()
    {
        // From here on it stops, whoever looks.
        await Task.Yield();
        _state = SupervisorState.Stopping;
        try
        {
            _reading?.CallOff("the supervisor stops.");
            _transaction?.Fail("the supervisor stops", null);
            if (_replaces)
            {
                Primary.RemoveSupervisor();
            }

            Changed();
            while (_workers.Count > 0)
            {
                await Task.WhenAll(_workers.ToArray().Select(worker => StopWorkerAsync(worker, "the cluster stops")));
            }

            await Task.WhenAll(_clearing.ToArray());
            if (!Primary.ExpectsReplacements)
            {
                Primary.CloseOrphans();
            }
        }
        catch (Exception exception)
        {
            _failure ??= new SupervisorException($"The stop failed: {exception.Message}", null, exception);
            throw;
        }
        finally
        {
            // Whatever went wrong: whoever waits for the end must not wait for ever.
            _state = SupervisorState.Stopped;
            _timer.Dispose();
            _done.TrySetResult(_failure);
            Pulse();
        }
    }

    /// <summary>Stops, and says why when all have ended.</summary>
    private void GiveUp(SupervisorException failure)
    {
        _failure ??= failure;
        _stopping ??= StopAllAsync();
    }

    /// <summary>One thing at a time: what replaces or adds workers excludes each other.</summary>
    private async Task<string> OperateAsync(Func<string> nameIt, bool queue, Func<Task<string>> run)
    {
        var name = await TakeTurnAsync(nameIt, queue);
        try
        {
            await RecycledAsync();
            var result = await run();
            Raise(SupervisorEventKind.OperationEnded, $"{name}: {result}");
            return result;
        }
        catch (Exception exception)
        {
            Raise(SupervisorEventKind.OperationEnded, $"{name} failed: {exception.Message}");
            throw;
        }
        finally
        {
            End();
        }
    }

    /// <summary>Returns its name, which is asked for when its turn has come: what it is to do may depend on how things stand then.</summary>
    private async Task<string> TakeTurnAsync(Func<string> nameIt, bool queue)
    {
        if (_operation is not null && !queue)
        {
            throw new OperationUnderWayException(_operation);
        }

        await UntilAsync(() => _operation is null);
        if (_current is null)
        {
            throw new InvalidOperationException("The supervisor has not started.");
        }

        ThrowIfStopping();
        _operation = nameIt();
        Raise(SupervisorEventKind.OperationBegan, $"{_operation} begins");
        return _operation;
    }

    /// <summary>No new recycling begins while an operation is under way; the one that has begun comes to its end.</summary>
    private async Task RecycledAsync()
    {
        await UntilAsync(() => _recycling is null || IsStopping);
        ThrowIfStopping();
    }

    private void ThrowIfStopping()
    {
        if (IsStopping)
        {
            throw new InvalidOperationException("The supervisor stops, or has stopped.");
        }
    }

    private void End()
    {
        _operation = null;
        Changed();
    }

    /// <summary>What to run, read afresh.</summary>
    private async Task<Generation> ReadGenerationAsync(Reading reading, SupervisorOptions options, int workers)
    {
        if (options.HealthGate is { Connects: true } && Primary.Policy.IsShared)
        {
            throw new ArgumentException("Where workers accept by themselves (scheduling policy Shared) a health gate cannot connect to one alone. Use a command or a callback, or another policy.");
        }

        var settings = await reading.CallAsync(() => ReadSettings(options, workers), options.BootTimeout);
        return new Generation(++_lastGeneration, settings, options, Primary.NewStartThreads(Generation.MostStarts));
    }

    /// <summary>
    /// The user's code, and what it names in file systems. Not on the loop. Each time it begins with what the program itself has set up, which it leaves as it is: it may return
    /// when nobody waits for it any more, and other supervisors, and what the program forks, have settings of their own.
    /// </summary>
    private ClusterSettings ReadSettings(SupervisorOptions options, int workers)
    {
        var settings = Primary.Prepare(settings =>
        {
            settings.ExpectedWorkers = workers;
            options.Launch?.Invoke(settings);
        });
        settings.StartInRotation = false;
        if (options.Output is not null)
        {
            // Nobody writes to it, if it is a pipe.
            settings.Stdio = [settings.Stdio is [{ Target: Stdio.Kind.Pipe }, ..] ? Stdio.Pipe : Stdio.Ignore, Stdio.Pipe, Stdio.Pipe, Stdio.Channel];
        }
        else if (settings is { Stdio: null, Silent: false })
        {
            // A group of its own is in a terminal's background, where reading it means being stopped.
            settings.Stdio = [Stdio.Ignore, Stdio.Inherit, Stdio.Inherit, Stdio.Channel];
        }

        // A link that is turned later (current/) is another generation's affair.
        settings.Exec = settings.Exec is { } exec && File.Exists(exec) ? RealPath.Of(exec) : settings.Exec;
        settings.WorkingDirectory = settings.WorkingDirectory is { } folder && Directory.Exists(folder) ? RealPath.Of(folder) : settings.WorkingDirectory;
        return settings;
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await _changed.Task;
        }
    }

    private void Pulse()
    {
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    private void Post(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler);

    /// <summary>A message may have a worker's last words in it, or what its health gate was answered.</summary>
    private void Raise(SupervisorEventKind kind, string message, SupervisedWorker? worker = null, WorkerEnding? ending = null)
        => _raise(new SupervisorEventArgs(kind, PlainText.Line(message), worker?.Process, ending));
}
