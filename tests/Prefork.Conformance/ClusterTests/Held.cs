namespace Prefork.Conformance.ClusterTests;

/// <summary>Listens that are given up before they open, or fail, or find no descriptor.</summary>
public class Held
{
    [NodeTest("test-cluster-accept-fail", Differs = "the kernel fails the accept, and the client waits; Node calls the handler with an error and drops it")]
    public Task OutOfDescriptorsInTheMidstOfAccepting_TheListenerGoesOn() => ScenarioRun.PassesAsync();

    [NodeTest("test-net-server-close-before-ipc-response")]
    public Task AListenGivenUpBeforeItOpens_HoldsNobodyUp() => ScenarioRun.PassesAsync();

    [NodeTest("test-net-listen-twice", Differs = "two listen calls are two listeners: the first is cancelled")]
    public Task AListenGivenUp_LeavesTheNextAlone() => ScenarioRun.PassesAsync();

    [NodeTest("test-dgram-bind-socket-close-before-cluster-reply")]
    public Task ABindGivenUp_HasNoError() => ScenarioRun.PassesAsync();

    [NodeTest("test-dgram-cluster-close-during-bind")]
    public Task WhatComesForABindGivenUp_IsClosed() => ScenarioRun.PassesAsync();

    [NodeTest("test-dgram-cluster-bind-error")]
    public Task AnErrorOfThePrimarys_IsAnException_AndTheNextBindWorks() => ScenarioRun.PassesAsync();
}
