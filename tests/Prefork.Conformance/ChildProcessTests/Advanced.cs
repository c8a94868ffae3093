namespace Prefork.Conformance.ChildProcessTests;

/// <summary>The binary serialisation.</summary>
public class Advanced
{
    [NodeTest("test-cluster-advanced-serialization")]
    public Task ACircularObject_ComesBack() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-advanced-serialization")]
    public Task ValuesOfEveryKind_ComeBack() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-advanced-serialization-largebuffer")]
    public Task LargeBuffers_ArriveInOrder() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-advanced-serialization-splitted-length-field")]
    public Task ALengthCutInTwo_IsRead() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-advanced-header-serialization", Differs = "the primary hears of it: a message that is cut off, or too long, is an error of its worker. A Node 20 primary dies of it")]
    public Task ALengthAndNothingMore_HarmsNobody() => ScenarioRun.PassesAsync();
}
