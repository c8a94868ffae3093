namespace Prefork.Conformance.ClusterTests;

/// <summary>What is set up, and what workers get of it.</summary>
public class Settings
{
    [NodeTest("test-cluster-setup-primary-cumulative", Differs = "what is not set is null: defaults are filled in at the fork")]
    public Task LaterCalls_KeepWhatTheyDoNotName() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-setup-primary-emit")]
    public Task Setup_IsToldAfterEachCall() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-setup-primary-multiple")]
    public Task EachCall_ReplacesTheSettings() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-setup-primary")]
    public Task WhatIsSet_IsWhatWorkersGet() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-setup-primary-argv", Differs = "a program cannot change its arguments after the call")]
    public Task Arguments_AreThePrimarys() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-cwd")]
    public Task AFolder_IsForLaterForks() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-fork-stdio")]
    public Task AnExtraPipe_ReachesTheWorker() => ScenarioRun.PassesAsync();
}
