namespace Prefork.Conformance.ClusterTests;

/// <summary>What keeps a worker alive: in .NET its program, never a channel or a listener.</summary>
public class Alive
{
    [NodeTest("test-cluster-rr-handle-close", Differs = "channels and listeners never keep a .NET process alive")]
    public Task AWorkerThatClosedItsListener_EndsWithItsProgram() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-rr-handle-keep-loop-alive", Differs = "what waits for connections keeps the program running")]
    public Task AWorkerThatWaitsForConnections_Lives() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-rr-handle-ref-unref", Differs = "no ref and unref: a listener never keeps a .NET process alive")]
    public Task AListenerThatNobodyWaitsFor_KeepsNoWorkerAlive() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-rr-ref", Differs = "no ref and unref")]
    public Task Closing_Ends() => ScenarioRun.PassesAsync();
}
