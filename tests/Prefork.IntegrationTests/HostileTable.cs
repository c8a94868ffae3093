namespace Prefork.IntegrationTests;

/// <summary>
/// Every attack costs another worker no request, the primary no more memory than a bound and no descriptor, and whoever reads its errors not one byte that a terminal
/// would act on.
/// </summary>
public class HostileTable(HostileCluster cluster) : IClassFixture<HostileCluster>
{
    public static TheoryData<string> Names => [.. HostileAttacks.ByName.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public Task AnAttack_CostsItsWorkerAlone(string name) => cluster.SurviveAsync(HostileAttacks.ByName[name]);
}
