namespace Prefork.Conformance.ClusterTests;

/// <summary>UDP sockets of workers.</summary>
public class Datagrams
{
    [NodeTest("test-cluster-dgram-1")]
    public Task WorkersOnOnePort_EachGetTheirShare() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-dgram-2")]
    public Task WorkersSend_AndLeaveTogether() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-dgram-bind-fd")]
    public Task WorkersShareADescriptorOfThePrimarys() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-dgram-ipv6only")]
    public Task V6Only_LeavesThePortToV4() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-dgram-reuse")]
    public Task AWorkerMayBindAPortTwice_IfItSaysSo() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-dgram-reuseport")]
    public Task ReusePort_NeverAsksThePrimary() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-child-index-dgram")]
    public Task BindingAgainToAnyPort_ConfusesNobody() => ScenarioRun.PassesAsync();

    [NodeTest("test-dgram-cluster-close-in-listening")]
    public Task ClosingAsSoonAsItIsBound_IsNobodysTrouble() => ScenarioRun.PassesAsync();

    [NodeTest("test-dgram-unref-in-cluster", Differs = "no socket ever keeps a .NET process alive")]
    public Task ABoundSocket_DoesNotKeepItsWorkerAlive() => ScenarioRun.PassesAsync();

    [NodeTest("test-dgram-bind-shared-ports")]
    public Task ExclusiveSockets_ShareNoPort_OthersDo() => ScenarioRun.PassesAsync();

    [NodeTest("test-dgram-bind-shared-ports-after-port-0", Differs = "in neither: Node lists it as a known issue")]
    public Task APortThatAnyGave_IsNotSharedByItsNumber() => ScenarioRun.PassesAsync();
}
