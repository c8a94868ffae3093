using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Prefork.Loop;
using Prefork.Messages;
using Prefork.Native;
using Prefork.Primary.Accept;
using Prefork.Processes;
using Prefork.Reporting;
using Prefork.Wire;

namespace Prefork.Primary;

/// <summary>
/// The primary's side of the cluster: settings, workers, listening sockets. Its state changes on its loop alone;
/// what users hear of it they hear from its dispatcher, in order.
/// </summary>
internal sealed class PrimaryRole : IAcceptorEvents
{
    private static readonly TimeSpan KillInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_holderPatience = TimeSpan.FromSeconds(1);

    private readonly Dictionary<int, WorkerControl> _workers = [];
    private readonly List<TaskCompletionSource> _awaitingEmpty = [];
    private readonly Claims _claims = new();

    /// <summary>.NET starts the thread of all timers with the first one, and could not when it is out of descriptors.</summary>
    private readonly Timer _firstTimer = new(static _ => { }, null, TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);

    private readonly BlockingShare _holderLookups;
    private readonly BlockingShare _removals;
    private readonly WaitingThreads _ownStarts;
    private volatile ClusterSettings? _settings;
    private ImmutableSortedDictionary<int, WorkerProcess> _published = ImmutableSortedDictionary<int, WorkerProcess>.Empty;
    private SchedulingPolicy? _policy;
    private int _lastId;
    private int _inspectors;
    private long _sequence;
    private bool _forked;
    private bool _contextChanged;
    private volatile bool _shuttingDown;
    private int _supervisors;

    /// <param name="events">Whose handlers may be there already.</param>
    internal PrimaryRole(PrimaryEvents events)
    {
        Events = events;
        Closer.Start();
        Files.Start();
        Starts.Start();
        RepeatedErrors.Start();
        _holderLookups = new BlockingShare(Files, mostAtOnce: 1);
        _removals = new BlockingShare(Files);
        _ownStarts = NewStartThreads(mostAtOnce: 8);
        Dispatcher = new Dispatcher(Loop);
        Handles = new HandleTable(Loop, this, Files, TimeProvider.System);
        RequestHandlers.Add(Claims.RequestName, (_, name, _) => _claims.AnswerAsync(name));
    }

    internal PrimaryEvents Events { get; }

    internal EventLoop Loop { get; } = new("prefork primary");

    internal Dispatcher Dispatcher { get; }

    /// <summary>Where file systems are waited for.</summary>
    internal BlockingPool Files { get; } = new("prefork files", mostThreads: 64);

    /// <summary>Where programs are started: not behind the files that workers ask for.</summary>
    private BlockingPool Starts { get; } = new("prefork start", mostThreads: 64);

    /// <summary>Where supervisors read what to launch, and have the user's code say it: not before the programs that are to be started.</summary>
    private BlockingPool Reads { get; } = new("prefork read", mostThreads: 16);

    internal HandleTable Handles { get; }

    /// <summary>For whatever may go wrong as often as somebody tries.</summary>
    internal RepeatedErrors RepeatedErrors { get; } = new(TimeProvider.System);

    /// <summary>What workers may ask for by number.</summary>
    internal GivenDescriptors Given { get; } = new();

    internal RequestHandlers<WorkerProcess> RequestHandlers { get; } = new();

    internal Leadership Leadership { get; } = new();

    /// <summary>For all workers of this process, and nobody else: it goes through their channels only.</summary>
    internal byte[] SharedSecret { get; } = RandomBytes.Get(ContextMessage.SecretSize);

    internal ImmutableSortedDictionary<int, WorkerProcess> Workers => Volatile.Read(ref _published);

    internal ClusterSettings Settings => _settings ??= new ClusterSettings();

    /// <summary>Decided at the first fork; until then from the environment or as set.</summary>
    internal SchedulingPolicy Policy
    {
        get => _policy ??= SchedulingPolicy.FromEnvironment();
        set
        {
            if (_forked)
            {
                throw new InvalidOperationException("The scheduling policy cannot change after the first fork: listeners are open under it.");
            }

            _policy = value;
        }
    }

    /// <summary>Whether a supervisor replaces workers, also those that left as they were told: a listener then waits for the next one.</summary>
    internal bool ExpectsReplacements => Volatile.Read(ref _supervisors) > 0;

    /// <summary>A supervisor starts. There may be several in a process, in hosts of their own.</summary>
    internal void AddSupervisor()
    {
        Reads.Start();
        Interlocked.Increment(ref _supervisors);
    }

    /// <summary>One stops: it replaces nobody any more.</summary>
    internal void RemoveSupervisor() => Interlocked.Decrement(ref _supervisors);

    /// <summary>For a supervisor's readings.</summary>
    internal WaitingThreads NewReadThreads(int mostAtOnce) => new(Reads, mostAtOnce);

    /// <summary>For the starts of a generation's programs.</summary>
    internal WaitingThreads NewStartThreads(int mostAtOnce) => new(Starts, mostAtOnce);

    internal long NextSequence() => _sequence++;

    internal ClusterSettings SetUp(Action<ClusterSettings>? configure)
    {
        var settings = Prepare(configure);
        _settings = settings;
        Dispatcher.Post(() => Events.RaiseSetUp(settings));
        return settings;
    }

    /// <summary>Complete settings that begin with those in force, and are the caller's alone: no later fork has them.</summary>
    internal ClusterSettings Prepare(Action<ClusterSettings>? configure)
    {
        var settings = Settings.Clone();
        configure?.Invoke(settings);
        settings.Exec ??= ThisProgram.Exec;
        settings.ExecArguments ??= settings.Exec == ThisProgram.Exec ? ThisProgram.ExecArguments : [];
        settings.Arguments ??= ThisProgram.Arguments;
        settings.Validate();
        return settings;
    }

    /// <summary>Returns when the process runs, or could not be started.</summary>
    internal WorkerProcess Fork(IReadOnlyDictionary<string, string?>? environment)
    {
        var worker = Fork(SetUp(null), environment, ownGroup: false, _ownStarts);
        worker.Control.Started.GetAwaiter().GetResult();
        return worker;
    }

    /// <summary>
    /// With settings that <see cref="SetUp"/> or <see cref="Prepare"/> has returned; in this process's group, as Node does it, or in one of its own. Returns at once: the process has no id
    /// before <see cref="WorkerControl.Started"/>.
    /// </summary>
    internal WorkerProcess Fork(ClusterSettings settings, IReadOnlyDictionary<string, string?>? environment, bool ownGroup, WaitingThreads starts)
    {
        _ = Policy;

        // What can throw, and what is the user's, before there is a worker and off the loop.
        var variables = WorkerEnvironment.Create(settings, environment);
        var inspect = InspectArguments(settings, variables);
        var generation = WorkerControl.GenerationOf(variables);
        UserChange.ThrowUnlessPermitted(settings.Exec!, settings.UserId, settings.GroupId);
        string[] mentioned = [.. settings.Environment?.Keys ?? [], .. environment?.Keys ?? []];
        return Loop.Invoke(() => ForkOnLoop(settings, generation, variables, mentioned, inspect, ownGroup, starts.Share));
    }

    /// <summary>Asks every worker to leave; ends when the last one has exited and its events have been raised.</summary>
    internal Task DisconnectAsync()
    {
        var empty = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Loop.Post(() =>
        {
            Handles.CloseOrphans();
            foreach (var worker in _workers.Values.ToArray())
            {
                worker.Disconnect();
            }

            _awaitingEmpty.Add(empty);
            ReleaseIfEmpty();
        });
        return empty.Task;
    }

    /// <summary>Closes what still listens for a worker that is to come.</summary>
    internal void CloseOrphans() => Loop.Post(Handles.CloseOrphans);

    /// <summary>Looks at the Unix paths that these workers listen on, and binds those anew that are gone: a program may remove a path when it starts, or when it ends.</summary>
    /// <exception cref="IOException">One of them does not lead to its listener, and cannot be bound.</exception>
    internal Task LookAtPathsAsync(IReadOnlyCollection<int> workers, TimeSpan timeout)
        => Loop.Invoke(() => Handles.LookAtPathsAsync(handle => workers.Any(handle.Has), timeout));

    /// <summary>Finds out who has an address, elsewhere, one at a time, and no longer than a moment. <paramref name="found"/> is called on the loop: with null when it is not known.</summary>
    internal void FindHolder(ListenQuery query, Action<int?> found)
        => _ = BlockingCall.StartAsync(
            _holderLookups.Run,
            () => AddressHolder.Find(query.Address is null ? null : IPAddress.Parse(query.Address), query.Port!.Value, query.IsUdp),
            late: null,
            s_holderPatience).ContinueWith(
                look => Loop.Post(() => found(look.IsCompletedSuccessfully ? look.Result : null)), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>For a supervisor: removes what a worker has left. What does not come to its turn in time stays.</summary>
    internal Task RemoveFilesAsync(Action remove, TimeSpan timeout)
    {
        bool Remove()
        {
            remove();
            return true;
        }

        return BlockingCall.StartAsync(_removals.Run, Remove, late: null, timeout);
    }

    /// <summary>Looks at these paths, for nobody who would wait for it; what fails is said. On the loop.</summary>
    internal void LookAtPaths(Func<ListenHandle, bool> which, TimeSpan timeout) => _ = Handles.LookAtPathsAsync(which, timeout).ContinueWith(
        look => ((IAcceptorEvents)this).OnTrouble(Handles, look.Exception!.GetBaseException()),
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted,
        TaskScheduler.Default);

    /// <summary>A worker has neither channel nor process any more. On the loop.</summary>
    internal void Forget(WorkerControl worker)
    {
        if (_workers.Remove(worker.Id))
        {
            Dispatcher.Post(() => ImmutableInterlocked.Update(ref _published, static (workers, id) => workers.Remove(id), worker.Id));
        }
    }

    internal void ReleaseIfEmpty()
    {
        if (_workers.Count > 0)
        {
            return;
        }

        foreach (var waiting in _awaitingEmpty)
        {
            Dispatcher.Post(() => waiting.TrySetResult());
        }

        _awaitingEmpty.Clear();
    }

    /// <summary>Workers hear what has changed at the end of what happens now, once for all of it. On the loop.</summary>
    internal void ContextChanged()
    {
        if (!_contextChanged)
        {
            _contextChanged = true;
            Loop.Post(TellContext);
        }
    }

    internal void TellContext()
    {
        _contextChanged = false;
        var generations = _workers.Values.Where(static worker => worker.Counts).GroupBy(static worker => worker.Generation).ToDictionary(static group => group.Key, static group => group.Count());
        var count = generations.Values.Sum();
        foreach (var worker in _workers.Values)
        {
            worker.TellContext(count, generations.GetValueOrDefault(worker.Generation), Leadership.Leader);
        }
    }

    internal WorkerControl? Find(int workerId) => _workers.GetValueOrDefault(workerId);

    internal async Task WaitForShutdownAsync(CancellationToken cancellation)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var askedAgain = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var signals = 0;
        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            _shuttingDown = true;

            // Counted: the token may have asked before, and be cancelled by a handler of this very signal.
            if (Interlocked.Increment(ref signals) > 1)
            {
                askedAgain.TrySetResult();
            }

            asked.TrySetResult();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var cancelled = cancellation.UnsafeRegister(_ => asked.TrySetResult(), null);
        await asked.Task.ConfigureAwait(false);
        _shuttingDown = true;
        try
        {
            var left = DisconnectAsync();
            await Task.WhenAny(left, askedAgain.Task, Task.Delay(Settings.ShutdownTimeout, CancellationToken.None)).ConfigureAwait(false);

            // Again and again: a handler may fork while we are at it.
            while (!left.IsCompleted)
            {
                foreach (var worker in Workers.Values)
                {
                    worker.Kill(Signal.SIGKILL);
                }

                await Task.WhenAny(left, Task.Delay(KillInterval, CancellationToken.None)).ConfigureAwait(false);
            }
        }
        finally
        {
            _shuttingDown = false;
        }
    }

    void IAcceptorEvents.OnOffence(int workerId, ClusterProtocolException offence)
        => Loop.Post(() => Find(workerId)?.CutOff(offence));

    void IAcceptorEvents.OnTrouble(object source, Exception exception)
        => RepeatedErrors.Add(source, exception, error => Dispatcher.Post(() => Events.RaiseError(new WorkerErrorEventArgs(null, error))));

    private WorkerProcess ForkOnLoop(ClusterSettings settings, int generation, Dictionary<string, string> environment, string[] mentioned, string[] inspectArguments, bool ownGroup, BlockingShare starts)
    {
        _forked = true;

        // Consumed even when the start fails, as in Node: an id never means two workers.
        var id = ++_lastId;
        var control = new WorkerControl(this, id, generation, settings);
        environment[WorkerEnvironment.UniqueId] = id.ToString(CultureInfo.InvariantCulture);
        control.Start(environment, mentioned, inspectArguments, ownGroup, starts);
        _workers.Add(id, control);
        ImmutableInterlocked.Update(ref _published, static (workers, worker) => workers.Add(worker.Id, worker), control.Worker);
        if (_shuttingDown)
        {
            control.Disconnect();
        }

        ContextChanged();
        return control.Worker;
    }

    /// <summary>Only for a worker that is told to open the inspector, by its options or by the environment that it will have.</summary>
    private string[] InspectArguments(ClusterSettings settings, Dictionary<string, string> variables)
    {
        if (!ProgramCommand.IsNodeScript(settings.Exec!) || InspectorPort.Find(settings.ExecArguments!, variables.GetValueOrDefault("NODE_OPTIONS")) is not { } asked)
        {
            return [];
        }

        var port = settings.InspectPort?.Invoke() ?? InspectorPort.Add(asked, Interlocked.Increment(ref _inspectors));
        return port is >= 0 and <= ushort.MaxValue
            ? [$"--inspect-port={port}"]
            : throw new ArgumentOutOfRangeException(nameof(settings.InspectPort), port, "A port is from 0 to 65535.");
    }
}
