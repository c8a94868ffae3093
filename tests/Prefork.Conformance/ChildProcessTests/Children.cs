namespace Prefork.Conformance.ChildProcessTests;

/// <summary>How children start and end.</summary>
public class Children
{
    [NodeTest("test-child-process-constructor")]
    public Task WhatCannotBe_IsRefused() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-disconnect", Differs = "a second disconnect does nothing; in Node it is an error")]
    public Task ADisconnect_IsToldOnBothSides_AndAnotherIsHarmless() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-env", Differs = "null removes a variable")]
    public Task TheEnvironment_IsInherited_AndChanged() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-exit-code")]
    public Task CodesAndSignals_AreToldAsTheyAre() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork3")]
    public Task AProgramThatNeverUsesTheCluster_IsNoTrouble() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-abort-signal", Differs = "the program kills when its token ends; there is no AbortError")]
    public Task ATokensEnd_EndsTheChild() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-timeout-kill-signal", Differs = "the program kills when its time is over")]
    public Task ATimesEnd_EndsTheChild_ByTheSignalItChose() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-and-spawn")]
    public Task AChildsOwnChild_GetsNoChannel() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-args", Differs = "a path that does not exist is an error of the worker, and no exception of the call")]
    public Task PathAndArguments_AreThoseThatWereSet() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-exec-argv")]
    public Task OptionsOfTheRuntime_StandBeforeTheProgram() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-exec-path")]
    public Task WhatRuns_IsTheProgramThatWasSet() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-ref", Differs = "the program waits; listeners keep no .NET process alive")]
    public Task WhoListens_LivesAndHears() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-ref2")]
    public Task ListenersAfterTheDisconnect_KeepNobodyAlive() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-kill")]
    public Task Kill_SaysWhetherThereWasSomebody() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-destroy")]
    public Task KillWithoutASignal_IsSigterm() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-spawn-event")]
    public Task TheFork_IsToldFirst() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-emfile")]
    public Task OutOfDescriptors_IsAnError_AndNoExit() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-uid-gid")]
    public Task AnotherUser_IsForThePrivileged() => ScenarioRun.PassesUnprivilegedAsync();

    [NodeTest("test-child-process-dgram-reuseport")]
    public Task TwoChildren_ShareAUdpPort() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-net-reuseport")]
    public Task TwoChildren_ShareAPort() => ScenarioRun.PassesAsync();
}
