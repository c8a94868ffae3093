namespace Prefork.Conformance.ChildProcessTests;

/// <summary>Messages and sockets between a process and its child.</summary>
public class Channel
{
    [NodeTest("test-child-process-internal")]
    public Task InternalCommands_NeverReachUsers() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-ipc-next-tick", Differs = "the child is a worker")]
    public Task AHandlerThatThrows_HearsTheNextMessage() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-send-cb")]
    public Task ASendThatWasTaken_SaysSo() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-send-after-close")]
    public Task ASendAfterTheEnd_SaysSo() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-send-type-error")]
    public Task WhatCannotBeSent_IsAnExceptionAtTheSender() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-send-utf8")]
    public Task Characters_SurviveReadsThatCutThem() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-send-keep-open")]
    public Task BothProcesses_MayWriteToOneClient() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork")]
    public Task Arguments_AreLeftAlone_AndMessagesComeBack() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-close")]
    public Task AMessage_ComesBeforeTheExit_AndOutputIsReadToItsEnd() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-dgram")]
    public Task AUdpSocketThatWasSent_ReceivesInBoth() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-net", Differs = "nothing waits for the end of sockets that were sent: Node's server.close() does")]
    public Task TwelveConnections_AreServedByThreeChildren() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-net-server")]
    public Task AListeningSocketThatWasSent_AcceptsInBoth() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-net-socket")]
    public Task AConnectionThatWasSent_IsServed() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-pass-fd", Differs = "12 children instead of 80")]
    public Task ManyChildren_EachServeAConnection() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-getconnections", Skip = "there is no getConnections: what a program took from messages is not counted")]
    public Task ConnectionsThatWereSent_AreCounted() => ScenarioRun.PassesAsync();

    [NodeTest("test-internal-socket-list-send", Skip = "this side never asks: there is no getConnections, and nothing waits for sockets that were sent")]
    public Task TheSenderAsksForCounts() => ScenarioRun.PassesAsync();
}
