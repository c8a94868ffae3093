namespace Prefork.Conformance.ClusterTests;

/// <summary>Workers and primaries that are killed, exit or crash.</summary>
public class Ends
{
    [NodeTest("test-cluster-worker-kill-signal")]
    public Task AWorkerThatIsKilled_EndsByThatSignal() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-worker-kill")]
    public Task AProcessThatIsKilled_EndsByThatSignal() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-kill-infinite-loop")]
    public Task AWorkerThatComputesForEver_CanBeKilled() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-worker-death")]
    public Task AnExitCode_IsTheWorkers() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-worker-exit")]
    public Task AWorkerThatExitsWhileItListens_IsToldOnce() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-worker-forced-exit", Differs = "nothing in a .NET primary closes the bare channel: the test cuts the worker off as for an offence")]
    public Task AWorkerThatIsCutOff_EndsWith0_WhateverItHasBegun() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-primary-error")]
    public Task WorkersOfACrashedPrimary_Die() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-uncaught-exception")]
    public Task APrimarysOwnExceptionHandler_DecidesItsExit() => ScenarioRun.PassesAsync();
}
