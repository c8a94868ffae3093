namespace Prefork.Conformance.ChildProcessTests;

/// <summary>Where the standard streams and the channel of a child lead.</summary>
public class StdioTests
{
    [NodeTest("test-child-process-fork-stdio")]
    public Task AListWithoutAChannel_IsRefused_FurtherPipesWork() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-fork-stdio-string-variant", Differs = "no strings for the list")]
    public Task Silent_IsThreePipes() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-validate-stdio")]
    public Task AListWithTwoChannels_IsRefused() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-silent")]
    public Task ASilentChild_WritesToThePrimary_AndItsMessagesCome() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-stdin-ipc")]
    public Task TheChannel_MayBeDescriptorZero() => ScenarioRun.PassesAsync();

    [NodeTest("test-child-process-stdout-ipc")]
    public Task TheChannel_MayBeDescriptorOne() => ScenarioRun.PassesAsync();
}
