using System.Globalization;

namespace Prefork.Conformance.ClusterTests;

/// <summary>A listen call that fails is the business of the worker that made it.</summary>
public class ListenErrors
{
    [NodeTest("test-cluster-bind-twice")]
    public Task TwoClustersOnOnePort_TheSecondHearsIt() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-eaccess")]
    public Task APathThatIsTaken_IsAnErrorInTheWorker() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-ipc-throw")]
    public Task AnExceptionOverAnError_LeavesTheChannelAsItWas() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-shared-handle-bind-error")]
    public Task Shared_AnErrorReachesTheWorker() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-worker-disconnect-on-error")]
    public Task AFailedListen_DoesNotHoldUpALeave() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-port-reuse-between-workers")]
    public Task APortThatWasClosed_IsFreeForAnotherWorker() => ScenarioRun.PassesAsync();

    [NodeTest("test-cluster-bind-privileged-port")]
    public Task APrivilegedPort_IsDenied_RoundRobin() => DeniedAsync();

    [NodeTest("test-cluster-shared-handle-bind-privileged-port")]
    public Task APrivilegedPort_IsDenied_Shared() => DeniedAsync();

    private static async Task DeniedAsync()
    {
        var firstFree = int.Parse(await File.ReadAllTextAsync("/proc/sys/net/ipv4/ip_unprivileged_port_start"), CultureInfo.InvariantCulture);
        Assert.SkipWhen(firstFree <= 42, $"On this machine everybody may listen on ports from {firstFree}.");
        await ScenarioRun.PassesUnprivilegedAsync();
    }
}
