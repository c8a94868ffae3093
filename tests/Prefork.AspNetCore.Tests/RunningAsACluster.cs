using Microsoft.AspNetCore.Builder;

namespace Prefork.AspNetCore.Tests;

public class RunningAsACluster
{
    [Fact]
    public async Task AnApplicationThatDoesNotUseTheCluster_IsRefused_WithWhatToDo()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => app.RunClusterAsync(workers: 2, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("Call builder.UseCluster() before builder.Build().", refused.Message, StringComparison.Ordinal);
    }
}
