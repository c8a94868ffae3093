namespace Prefork.Conformance.ClusterTests;

/// <summary>TCP listeners and Unix paths of workers.</summary>
public class Listening
{
    [NodeTest("test-cluster-listening-port")]
    public Task AnyPort_IsToldByItsNumber() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-net-listen")]
    public Task ListeningNowhereInParticular_Works() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-net-listen-backlog")]
    public Task TheBacklog_ReachesThePrimarysSocket() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-net-listen-ipv6only-false")]
    public Task BothFamilies_AreServed() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-net-listen-ipv6only-none")]
    public Task V6Only_LeavesThePortToV4_Shared() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-net-listen-ipv6only-rr")]
    public Task V6Only_LeavesThePortToV4_RoundRobin() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-child-index-net")]
    public Task ListeningAgainOnAnyPort_ConfusesNobody() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-server-restart-none")]
    public Task AWorkerMayCloseAndListenAgain_WhileAnotherListens() => ScenarioRun.PassesAsync();

    [NodeTest("test-net-listen-exclusive-random-ports")]
    public Task ExclusiveListeners_HavePortsOfTheirOwn() => ScenarioRun.PassesAsync();

    [NodeTest("test-listen-fd-cluster")]
    public Task ADescriptorOfThePrimarys_IsServedByTheWorker() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-net-reuseport")]
    public Task ReusePort_NeverAsksThePrimary() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-listen-pipe-readable-writable")]
    public Task APathForAll_IsReadableAndWritableByAll() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-net-listen-relative-path")]
    public Task ARelativePath_IsTheWorkers_AndGoesWithIt() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-net-server-drop-connection", Differs = "a worker that has enough does not accept; there is no maxConnections")]
    public Task NoConnectionIsLost_AndNoWorkerHasMoreThanItWants() => ScenarioRun.PassesAsync();
}
