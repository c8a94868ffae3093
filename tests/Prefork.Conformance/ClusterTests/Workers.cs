namespace Prefork.Conformance.ClusterTests;

/// <summary>What workers are, and what they and the primary say to each other.</summary>
public class Workers
{
    [NodeTest("test-cluster-basic")]
    public Task EveryEventOfAWorkersLife_ComesOnce_WithItsState() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-worker-constructor", Differs = "workers are not constructed by users: a fresh fork is looked at")]
    public Task AFreshWorker_HasNoState() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-worker-isconnected")]
    public Task AWorker_IsConnected_UntilDisconnectIsTold() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-worker-isdead")]
    public Task AWorker_IsDead_WhenExitIsTold() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-worker-init")]
    public Task AWorker_HearsMessages_AndLeaves() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-fork-env")]
    public Task ForksVariables_AddAndOverride() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-message")]
    public Task Messages_GoBothWays_AndTheClusterHearsFromWhom() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-worker-events")]
    public Task Messages_ReachEveryListener() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-invalid-message")]
    public Task AMessageThatLooksInternal_IsIgnored() => ScenarioRun.PassesAsync();
}
