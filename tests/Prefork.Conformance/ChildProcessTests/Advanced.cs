namespace Prefork.Conformance.ChildProcessTests;

/// <summary>The binary serialisation.</summary>
public class Advanced
{
    internal const string NotThere = "needs serialization advanced, which is not there";

    [NodeTest("test-cluster-advanced-serialization", Skip = NotThere)]
    public Task ACircularObject_ComesBack() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-advanced-serialization", Skip = NotThere)]
    public Task ValuesOfEveryKind_ComeBack() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-advanced-serialization-largebuffer", Skip = NotThere)]
    public Task LargeBuffers_ArriveInOrder() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-advanced-serialization-splitted-length-field", Skip = NotThere)]
    public Task ALengthCutInTwo_IsRead() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-advanced-header-serialization", Skip = NotThere)]
    public Task ALengthAndNothingMore_HarmsNobody() => ScenarioRun.PassesAsync();
}
