namespace Prefork;

/// <summary>
/// What a <see cref="ClusterSupervisor"/> sees to, and how. Copied when it is made; from then on each generation of workers has its own copy, which
/// <see cref="Reconfigure"/> may change for the next one. Times are of a monotonic clock, and do not count while this process does not run: a suspended machine, or a stopped process, kills nobody.
/// Each is at most 24 days; only <see cref="RecyclingOptions.MaxAge"/> may be longer.
/// </summary>
public sealed class SupervisorOptions
{
    /// <summary>In whole days what goes into an <see cref="int"/> of milliseconds: longer than anybody waits, and no timer refuses it.</summary>
    internal static readonly TimeSpan LongestTime = TimeSpan.FromDays(24);

    /// <summary>
    /// Says what to run: program, arguments, environment, working directory. Called afresh for each generation, so that a reload sees what has changed;
    /// links in the paths (<c>current/</c>) are resolved then, and stay so for the generation's whole life.
    /// It begins each time with what <see cref="Cluster.SetupPrimary"/> has set, and changes that generation's settings only.
    /// </summary>
    /// <remarks>Default: null, which runs this program again. What it throws ends a start, or fails a reload.</remarks>
    public Action<ClusterSettings>? Launch { get; set; }

    /// <summary>
    /// Called when a reload begins, before <see cref="Launch"/>, with a copy of the options in force. What it sets there is the new generation's: its workers are
    /// treated so from their start, and the supervisor goes by it once the reload has succeeded. A reload that fails leaves the old options in force,
    /// and a rollback brings back those of the generation that it goes back to.
    /// </summary>
    /// <remarks>
    /// Default: null, which keeps the options. What it throws fails the reload. <see cref="Workers"/> counts when it is another number than the options before said, and
    /// leaves what <see cref="ClusterSupervisor.ScaleAsync"/> did alone otherwise. <see cref="HandleSignals"/> is read at the start only.
    /// </remarks>
    public Action<SupervisorOptions>? Reconfigure { get; set; }

    /// <summary>How many workers. Each has a slot, 0 to one less than this, which its replacements keep: <c>PREFORK_WORKER_INDEX</c> and <c>NODE_APP_INSTANCE</c>.</summary>
    /// <remarks>Default: one for each processor.</remarks>
    public int Workers { get; set; } = Environment.ProcessorCount;

    /// <summary>When a worker is ready for the health gate.</summary>
    /// <remarks>Default: <see cref="WorkerReadiness.Auto"/>.</remarks>
    public WorkerReadiness ReadyOn { get; set; } = WorkerReadiness.Auto;

    /// <summary>How long a worker may take to be ready. One that is not has failed.</summary>
    /// <remarks>Default: 60 seconds.</remarks>
    public TimeSpan BootTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Says what a worker that runs and is not ready does or waits for, as in "is online, but does not listen": for the notice after some seconds, and for the failure
    /// at <see cref="BootTimeout"/>. Null from it for no idea. Called on a thread of the pool, and waited for one second.
    /// </summary>
    /// <remarks>Default: null.</remarks>
    public Func<WorkerProcess, string?>? ExplainNotReady { get; set; }

    /// <summary>What a ready worker must pass before it gets clients.</summary>
    /// <remarks>Default: null, nothing.</remarks>
    public HealthGate? HealthGate { get; set; }

    /// <summary>How long a worker may take to pass the gate, which is tried again every quarter of a second.</summary>
    /// <remarks>Default: 30 seconds.</remarks>
    public TimeSpan HealthGateTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a worker has to leave, with its connections served to the end, before it gets SIGTERM.</summary>
    /// <remarks>Default: 30 seconds.</remarks>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a worker has after SIGTERM before it gets SIGKILL, with all processes that it has started.</summary>
    /// <remarks>Default: 5 seconds.</remarks>
    public TimeSpan KillTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long to wait before a worker that ended in quick succession is started again: the first time not at all, the second time this long,
    /// then twice as long each time, up to <see cref="MaxRestartDelay"/>; a quarter more or less by chance, so that workers that died together do not come back together.
    /// </summary>
    /// <remarks>Default: 100 milliseconds.</remarks>
    public TimeSpan RestartDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait before a restart.</summary>
    /// <remarks>Default: 30 seconds.</remarks>
    public TimeSpan MaxRestartDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>A worker that served at least this long did not end in quick succession: its slot begins anew.</summary>
    /// <remarks>Default: 10 seconds.</remarks>
    public TimeSpan MinUptime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// So many failures of one generation within <see cref="BreakerWindow"/>, by workers that served less than <see cref="MinUptime"/>, are a crash loop: the cluster
    /// is degraded. It serves with the workers it has, and tries one at a time, <see cref="MaxRestartDelay"/> apart, until one lasts; when nobody serves, as the slots' back-offs say.
    /// When no worker has ever served, the supervisor gives up instead; then also as soon as one is not ready in time, or does not pass its gate.
    /// </summary>
    /// <remarks>Default: 5.</remarks>
    public int BreakerFailures { get; set; } = 5;

    /// <summary>See <see cref="BreakerFailures"/>.</summary>
    /// <remarks>Default: 60 seconds.</remarks>
    public TimeSpan BreakerWindow { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Exit codes that mean "do not start me again". When every worker has ended so, the supervisor is done.</summary>
    /// <remarks>Default: none.</remarks>
    public ISet<int> StopExitCodes { get; private set; } = new HashSet<int>();

    /// <summary>How often each worker is asked whether it works (<see cref="WorkerProcess.PingAsync"/>); null never.</summary>
    /// <remarks>Default: 5 seconds.</remarks>
    public TimeSpan? HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a worker may leave that unanswered.</summary>
    /// <remarks>Default: 60 seconds.</remarks>
    public TimeSpan HangTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Called for a worker that hangs, before it is killed: to dump it. It is out of rotation meanwhile.</summary>
    /// <remarks>Default: null.</remarks>
    public Func<WorkerProcess, CancellationToken, Task>? OnHang { get; set; }

    /// <summary>How long <see cref="OnHang"/> may take.</summary>
    /// <remarks>Default: 60 seconds.</remarks>
    public TimeSpan OnHangTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>When to replace workers that work.</summary>
    /// <remarks>Default: never.</remarks>
    public RecyclingOptions Recycling { get; private set; } = new();

    /// <summary>How long after the last new worker has entered rotation a reload can still fail: by a crash of one of the new ones.</summary>
    /// <remarks>Default: 5 seconds.</remarks>
    public TimeSpan WatchWindow { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many generations may be draining at once; a reload waits for the oldest to end, at most <see cref="StopTimeout"/> and <see cref="KillTimeout"/>.</summary>
    /// <remarks>Default: 2.</remarks>
    public int MaxDrainingGenerations { get; set; } = 2;

    /// <summary>
    /// Whether there are, after a reload, as many workers of the previous generation, ready and out of rotation, so that a rollback needs no start.
    /// They cost their memory, and what the program does by itself (timers, queues) it does in them too.
    /// </summary>
    /// <remarks>Default: false.</remarks>
    public bool KeepPreviousWarm { get; set; }

    /// <summary>
    /// Who gets the lines that workers write to standard output and standard error. Set, the supervisor reads both and remembers the last lines of each worker,
    /// for <see cref="WorkerEnding.LastLines"/>; called on threads of the pool, and should return soon: workers that write wait for it. What it throws is said once, and the line is not given again.
    /// </summary>
    /// <remarks>Default: null: workers have this process's own streams (but no standard input), and there are no last lines.</remarks>
    public Action<WorkerOutput>? Output { get; set; }

    /// <summary>
    /// Awaited before more of a worker's standard error (true) or output (false) is read: with <see cref="Output"/> that must not wait, it holds back a worker. Null for none.
    /// </summary>
    internal Func<bool, ValueTask>? OutputRoom { get; set; }

    /// <summary>
    /// How many bytes of a line <see cref="Output"/> gets. A longer one is cut there, with a mark that says so; the rest of it, up to its end, is read and left out.
    /// So much memory each of a worker's two streams may take.
    /// </summary>
    /// <remarks>Default: 1,048,576.</remarks>
    public int MaxOutputLine { get; set; } = 1024 * 1024;

    /// <summary>
    /// Whether <see cref="ClusterSupervisor.RunAsync"/> sees to signals: SIGINT and SIGTERM stop, the second one hastens, the third kills; SIGHUP reloads, but when standard input is a terminal, whose end it then is, it stops.
    /// </summary>
    /// <remarks>Default: true.</remarks>
    public bool HandleSignals { get; set; } = true;

    internal SupervisorOptions Clone()
    {
        var clone = (SupervisorOptions)MemberwiseClone();
        clone.StopExitCodes = new HashSet<int>(StopExitCodes);
        clone.Recycling = Recycling.Clone();
        return clone;
    }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Workers, 1, nameof(Workers));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxOutputLine, 1, nameof(MaxOutputLine));
        ArgumentOutOfRangeException.ThrowIfLessThan(BreakerFailures, 1, nameof(BreakerFailures));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxDrainingGenerations, 1, nameof(MaxDrainingGenerations));
        foreach (var (time, name) in new[]
        {
            (BootTimeout, nameof(BootTimeout)), (HealthGateTimeout, nameof(HealthGateTimeout)), (RestartDelay, nameof(RestartDelay)),
            (MaxRestartDelay, nameof(MaxRestartDelay)), (BreakerWindow, nameof(BreakerWindow)), (HangTimeout, nameof(HangTimeout)),
            (OnHangTimeout, nameof(OnHangTimeout)), (HeartbeatInterval ?? TimeSpan.FromSeconds(1), nameof(HeartbeatInterval)),
        })
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(time, TimeSpan.Zero, name);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(time, LongestTime, name);
        }

        foreach (var (time, name) in new[]
        {
            (StopTimeout, nameof(StopTimeout)), (KillTimeout, nameof(KillTimeout)), (MinUptime, nameof(MinUptime)), (WatchWindow, nameof(WatchWindow)),
        })
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero, name);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(time, LongestTime, name);
        }

        Recycling.Validate();
    }
}
