namespace Prefork.Conformance.ChildProcessTests;

/// <summary>The binary serialisation.</summary>
public class Advanced
{
    [NodeTest("test-cluster-advanced-serialization", Skip = "needs serialization advanced, which is not there")]
    public Task ACircularObject_ComesBack() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-advanced-serialization", Skip = "needs serialization advanced, which is not there")]
    public Task ValuesOfEveryKind_ComeBack() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-advanced-serialization-largebuffer", Skip = "needs serialization advanced, which is not there")]
    public Task LargeBuffers_ArriveInOrder() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-advanced-serialization-splitted-length-field", Skip = "needs serialization advanced, which is not there")]
    public Task ALengthCutInTwo_IsRead() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-advanced-header-serialization", Skip = "needs serialization advanced, which is not there")]
    public Task ALengthAndNothingMore_HarmsNobody() => ScenarioRun.PassesAsync();
}
