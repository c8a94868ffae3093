namespace Prefork.Conformance.ClusterTests;

/// <summary>Workers that leave, or are asked to.</summary>
public class Leaving
{
    [NodeTest("test-cluster-worker-disconnect")]
    public Task AskedByThePrimary_BothSidesTellIt() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-worker-wait-server-close")]
    public Task DisconnectInTheWorker_ComesAfterItsLastConnection() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-disconnect-idle-worker")]
    public Task AskedRightAfterTheFork_WorkersAreGoneAtTheEnd() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-disconnect-with-no-workers")]
    public Task WithNobodyToAsk_ItEnds() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-disconnect-leak")]
    public Task AskedRightAfterTheFork_AWorkerThatListensEnds() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-disconnect-exitedAfterDisconnect-race")]
    public Task DisconnectInTheWorker_WaitsForThePrimarysWord() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-call-and-destroy")]
    public Task KillingAWorkerThatHasLeft_IsHarmless() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-worker-destroy")]
    public Task AWorkerMayEndItself_ConnectedOrNot() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-process-disconnect", Differs = "the worker disconnects gracefully: nothing closes the bare channel")]
    public Task AListeningWorkerThatDisconnects_EndsWithZero() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-concurrent-disconnect", Differs = "a message to a worker that is gone is an exception of the send, not an event")]
    public Task WorkersToldAgainAndAgain_EndWithZero() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-disconnect")]
    public Task AllLeave_AndAllOfItAgain() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-disconnect-unshared-tcp")]
    public Task AWorkerWithoutAListener_LeavesBesideOneThatHasOne() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-disconnect-unshared-udp")]
    public Task TheSameForUdp() => ScenarioRun.PassesAsync();
}
