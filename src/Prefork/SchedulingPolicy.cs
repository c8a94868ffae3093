using Prefork.Scheduling;

namespace Prefork;

/// <summary>
/// How connections are spread over the workers that listen on the same address. Chosen before the first fork
/// (<see cref="Cluster.SchedulingPolicy"/>, or the environment: see <see cref="FromEnvironment"/>). UDP is always shared.
/// </summary>
public sealed class SchedulingPolicy
{
    /// <summary>Node's own variable: <c>rr</c> or <c>none</c>. Other values are ignored, as Node does.</summary>
    internal const string NodeVariable = "NODE_CLUSTER_SCHED_POLICY";

    /// <summary>Ours, which goes first: <c>rr</c>, <c>none</c> or <c>least</c>. Another value is an error.</summary>
    internal const string PreforkVariable = "PREFORK_SCHEDULING_POLICY";

    private readonly Func<IWorkerSelector>? _createSelector;

    private SchedulingPolicy(string name, Func<IWorkerSelector>? createSelector)
    {
        Name = name;
        _createSelector = createSelector;
    }

    /// <summary>
    /// The primary accepts and hands connections out in turn, passing over workers that are full, leaving or stopped.
    /// The default; Node's <c>SCHED_RR</c>.
    /// </summary>
    public static SchedulingPolicy RoundRobin { get; } = new("rr", static () => new RoundRobinSelector());

    /// <summary>
    /// The workers accept from one shared socket, and the kernel decides. The highest rate of short connections, and an uneven spread.
    /// Node's <c>SCHED_NONE</c>.
    /// </summary>
    public static SchedulingPolicy Shared { get; } = new("none", null);

    /// <summary>
    /// The primary accepts and hands each connection to the worker with the fewest open. For uneven or long-lived connections.
    /// Node has no such policy. Node workers keep no count, and count as empty apart from what waits for them.
    /// </summary>
    public static SchedulingPolicy LeastConnections { get; } = new("least", static () => new LeastConnectionsSelector());

    /// <summary>The policy's name, as in the environment: <c>rr</c>, <c>none</c>, <c>least</c>, or that of a policy of yours.</summary>
    public string Name { get; }

    internal bool IsShared => _createSelector is null;

    /// <summary>A policy of your own.</summary>
    /// <param name="name">For logs and figures.</param>
    /// <param name="createSelector">Called once for each listener that the primary opens.</param>
    public static SchedulingPolicy Create(string name, Func<IWorkerSelector> createSelector)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(createSelector);
        return new SchedulingPolicy(name, createSelector);
    }

    /// <summary>
    /// What the environment asks for: <c>PREFORK_SCHEDULING_POLICY</c> (<c>rr</c>, <c>none</c>, <c>least</c>), else
    /// <c>NODE_CLUSTER_SCHED_POLICY</c> (<c>rr</c>, <c>none</c>; anything else is ignored, as in Node), else <see cref="RoundRobin"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException"><c>PREFORK_SCHEDULING_POLICY</c> is none of its values; thrown every time.</exception>
    public static SchedulingPolicy FromEnvironment()
        => FromVariables(Environment.GetEnvironmentVariable(PreforkVariable), Environment.GetEnvironmentVariable(NodeVariable));

    internal static SchedulingPolicy FromVariables(string? prefork, string? node) => (prefork, node) switch
    {
        ("rr", _) => RoundRobin,
        ("none", _) => Shared,
        ("least", _) => LeastConnections,
        (null or "", "none") => Shared,
        (null or "", _) => RoundRobin,
        _ => throw new InvalidOperationException(
            $"{PreforkVariable} is '{prefork}', which is no scheduling policy. Set it to rr, none or least, or unset it."),
    };

    internal IWorkerSelector CreateSelector()
        => _createSelector?.Invoke() ?? throw new InvalidOperationException($"The policy {Name} has no selector.");

    /// <inheritdoc/>
    public override string ToString() => Name;
}
