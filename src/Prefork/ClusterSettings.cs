namespace Prefork;

/// <summary>
/// What workers are started with, and how the cluster treats them. Set with <see cref="Cluster.SetupPrimary"/>;
/// a change holds for later forks. Node's <c>cluster.settings</c>; <c>docs/node-parity.md</c> maps the names.
/// </summary>
public sealed class ClusterSettings
{
    internal const int DefaultMaxMessageSize = 64 * 1024 * 1024;
    internal const int LeastMaxMessageSize = 1024;

    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(24);

    internal ClusterSettings()
    {
    }

    /// <summary>
    /// The worker's program: a .NET assembly (<c>.dll</c>, run by the <c>dotnet</c> that runs this process),
    /// a script (<c>.js</c>, <c>.mjs</c>, <c>.cjs</c>, or TypeScript, <c>.ts</c>, <c>.mts</c>, <c>.cts</c>, run by <c>node</c>), or an executable. A relative path is taken from
    /// <see cref="WorkingDirectory"/>; a name without a slash that is no file there is looked up in PATH.
    /// </summary>
    /// <remarks>Default: this program again, however it was started.</remarks>
    public string? Exec { get; set; }

    /// <summary>Arguments for the interpreter, before the program: options of <c>dotnet</c> or <c>node</c>. Given to an executable, they go before <see cref="Arguments"/>.</summary>
    /// <remarks>Default: those of this process when the worker is this program again; otherwise none.</remarks>
    public IReadOnlyList<string>? ExecArguments { get; set; }

    /// <summary>Arguments for the program.</summary>
    /// <remarks>Default: those of this process.</remarks>
    public IReadOnlyList<string>? Arguments { get; set; }

    /// <summary>The worker's working directory.</summary>
    /// <remarks>Default: this process's.</remarks>
    public string? WorkingDirectory { get; set; }

    /// <summary>
    /// Variables added to this process's environment for every worker; null as a value removes one.
    /// Those given to <see cref="Cluster.Fork"/> go over them.
    /// </summary>
    public IReadOnlyDictionary<string, string?>? Environment { get; set; }

    /// <summary>Whether the worker's standard streams are pipes on <see cref="WorkerProcess.Process"/> instead of this process's own.</summary>
    /// <remarks>Default: false. <see cref="Stdio"/> goes first.</remarks>
    public bool Silent { get; set; }

    /// <summary>
    /// The worker's descriptors, by number; exactly one entry must be <see cref="Stdio.Channel"/>.
    /// </summary>
    /// <remarks>Default: null, which is three inherited (or, with <see cref="Silent"/>, three pipes) and the channel.</remarks>
    public IReadOnlyList<Stdio>? Stdio { get; set; }

    /// <summary>The user id of the workers; needs the right to change it (root), and <c>setpriv</c> of util-linux. Supplementary groups are dropped.</summary>
    public int? UserId { get; set; }

    /// <summary>The group id of the workers; as <see cref="UserId"/>.</summary>
    public int? GroupId { get; set; }

    /// <summary>How messages are written.</summary>
    /// <remarks>Default: <see cref="ChannelSerialization.Json"/>.</remarks>
    public ChannelSerialization Serialization { get; set; }

    /// <summary>Node's setting for consoles on Windows; without meaning elsewhere, and kept so that settings can be carried over.</summary>
    public bool WindowsHide { get; set; }

    /// <summary>
    /// For Node workers whose <see cref="ExecArguments"/>, or NODE_OPTIONS in their environment, ask for the inspector: gives each worker
    /// its port, as <c>--inspect-port</c>. Called at each fork; 0 lets Node choose, and a port over 65535 makes the fork throw.
    /// Without meaning for .NET workers, whose debuggers need no port: it is not called for them.
    /// </summary>
    /// <remarks>Default: null, which counts up from the port that is asked for (9229 when none is), one for each worker: the first gets the next one, as in Node, whose primary has the port itself.</remarks>
    public Func<int>? InspectPort { get; set; }

    /// <summary>
    /// The largest message, in bytes, between this process and a worker. A larger one is an <see cref="ArgumentException"/> at its sender, and the channel
    /// lives. A Node worker knows of no limit: it may be sent anything, and when it sends more its channel is closed.
    /// </summary>
    /// <remarks>Default: 64 MiB.</remarks>
    public int MaxMessageSize { get; set; } = DefaultMaxMessageSize;

    /// <summary>Messages of a worker that are kept until somebody listens for them; further ones are dropped and reported as <see cref="Cluster.Error"/>.</summary>
    /// <remarks>Default: 1,000.</remarks>
    public int MaxKeptMessages { get; set; } = 1000;

    /// <summary>
    /// Connections that may wait in a worker's lane. A worker with more is passed over; when all are full the primary stops accepting,
    /// and the kernel's backlog holds.
    /// </summary>
    /// <remarks>Default: 128, from 1 to 256, which is about what the kernel queues on a lane by default.</remarks>
    public int LaneCapacity { get; set; } = 128;

    /// <summary>How long connections wait for a worker that takes none before they are taken back and given to the others.</summary>
    /// <remarks>Default: 1 second.</remarks>
    public TimeSpan HandoffTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a listener is kept open after its last worker died unasked, so that clients wait in the backlog for the replacement
    /// instead of being refused. After a disconnect it closes at once.
    /// </summary>
    /// <remarks>Default: 5 seconds. Zero closes at once, as Node does.</remarks>
    public TimeSpan ListenerGracePeriod { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a file system may take for this worker: to start its program, and to bind a Unix path that it asks for. The call that takes longer fails;
    /// nothing else waits for it.
    /// </summary>
    /// <remarks>Default: 10 seconds.</remarks>
    public TimeSpan FileSystemTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long <see cref="Cluster.WaitForShutdownAsync"/> waits for workers to disconnect before it kills them.</summary>
    /// <remarks>Default: 10 seconds.</remarks>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How many workers there will be. Set, each worker that is no Node script gets its share of the machine, which .NET otherwise takes as its own
    /// in every process: of the processors (<c>DOTNET_PROCESSOR_COUNT</c>: one more than its part of them), of a container's memory
    /// (<c>DOTNET_GCHeapHardLimit</c>: half of three quarters, however many workers there are; without a limit on memory nothing), and, when its share of processors is
    /// two or less, the workstation garbage collector (<c>DOTNET_gcServer=0</c>).
    /// </summary>
    /// <remarks>
    /// Default: null, which sets nothing. What you have set yourself stays, in either of .NET's spellings (<c>DOTNET_</c>, <c>COMPlus_</c>),
    /// in this process's environment, in <see cref="Environment"/> (null as a value leaves the variable out), at the fork, and for limits of the heap
    /// in the program's <c>runtimeconfig.json</c>. Workers do not pass these variables on to their children.
    /// </remarks>
    public int? ExpectedWorkers { get; set; }

    /// <summary>
    /// Whether a worker gets connections as soon as it listens. If not, it gets them from <see cref="WorkerProcess.EnterRotation"/> on:
    /// until then it can be looked at (<see cref="WorkerProcess.ConnectAsync"/>) while the others serve.
    /// </summary>
    /// <remarks>
    /// Default: true. Without effect where workers accept by themselves (<see cref="Prefork.SchedulingPolicy.Shared"/>, UDP): these serve as soon as they listen.
    /// </remarks>
    public bool StartInRotation { get; set; } = true;

    internal ClusterSettings Clone() => (ClusterSettings)MemberwiseClone();

    /// <exception cref="ArgumentException">A setting is out of its range; the message says which, and what it may be.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxMessageSize, LeastMaxMessageSize, nameof(MaxMessageSize));
        ArgumentOutOfRangeException.ThrowIfNegative(MaxKeptMessages, nameof(MaxKeptMessages));
        ArgumentOutOfRangeException.ThrowIfLessThan(LaneCapacity, 1, nameof(LaneCapacity));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(LaneCapacity, 256, nameof(LaneCapacity));
        ArgumentOutOfRangeException.ThrowIfLessThan(HandoffTimeout, TimeSpan.FromMilliseconds(1), nameof(HandoffTimeout));
        ArgumentOutOfRangeException.ThrowIfLessThan(ListenerGracePeriod, TimeSpan.Zero, nameof(ListenerGracePeriod));
        ArgumentOutOfRangeException.ThrowIfLessThan(ShutdownTimeout, TimeSpan.Zero, nameof(ShutdownTimeout));
        ArgumentOutOfRangeException.ThrowIfLessThan(FileSystemTimeout, TimeSpan.FromMilliseconds(1), nameof(FileSystemTimeout));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(FileSystemTimeout, LongestTime, nameof(FileSystemTimeout));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(HandoffTimeout, LongestTime, nameof(HandoffTimeout));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ListenerGracePeriod, LongestTime, nameof(ListenerGracePeriod));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ShutdownTimeout, LongestTime, nameof(ShutdownTimeout));
        if (ExpectedWorkers is { } expected)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(expected, 1, nameof(ExpectedWorkers));
        }

        if (Exec is { Length: 0 })
        {
            throw new ArgumentException($"{nameof(Exec)} is empty: null means this program.", nameof(Exec));
        }

        ThrowIfCut(Exec, nameof(Exec));
        ThrowIfCut(WorkingDirectory, nameof(WorkingDirectory));
        foreach (var argument in ExecArguments ?? [])
        {
            ThrowIfCut(argument, nameof(ExecArguments));
        }

        foreach (var argument in Arguments ?? [])
        {
            ThrowIfCut(argument, nameof(Arguments));
        }

        if (!Enum.IsDefined(Serialization))
        {
            throw new ArgumentOutOfRangeException(nameof(Serialization), Serialization, "Must be Json or Advanced.");
        }

        if (UserId < 0 || GroupId < 0)
        {
            throw new ArgumentOutOfRangeException(UserId < 0 ? nameof(UserId) : nameof(GroupId), "A user or group id is not negative.");
        }

        if (Stdio is { } stdio && stdio.Count(entry => entry == Prefork.Stdio.Channel) != 1)
        {
            throw new ArgumentException(
                $"{nameof(Stdio)} must contain {nameof(Prefork.Stdio.Channel)} exactly once: a worker without a channel, or with two, is no worker.", nameof(Stdio));
        }
    }

    private static void ThrowIfCut(string? text, string name)
    {
        if (text?.Contains('\0') == true)
        {
            throw new ArgumentException($"{name} has a NUL in '{text.Replace('\0', '?')}': what follows it would not reach the worker.", name);
        }
    }
}
