using Prefork.Hook;

namespace Prefork.AspNetCore.Tests;

/// <summary>The variable by which web hosts of the old kind are met is there while none runs, and one may be built.</summary>
public sealed class HostingStartupVariables : IDisposable
{
    private const string Variable = "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES";

    private static readonly string s_own = typeof(HostingStartupService).Assembly.GetName().Name!;

    public HostingStartupVariables() => HostingStartupVariable.Set();

    public void Dispose() => HostingStartupVariable.Remove();

    [Fact]
    public async Task OfSeveralHosts_TheLastThatStopsBringsItBack()
    {
        using var first = new HostingStartupService();
        using var second = new HostingStartupService();
        Assert.True(IsThere);
        await first.StartAsync(default);
        await second.StartAsync(default);
        Assert.False(IsThere);
        await first.StopAsync(default);
        Assert.False(IsThere);

        // It is disposed of as well, and is one host all the same.
        first.Dispose();
        Assert.False(IsThere);
        await second.StopAsync(default);
        Assert.True(IsThere);
    }

    [Fact]
    public async Task AHostThatWasNeverStarted_BringsNothingBack_AndOneThatFailedToStartDoes()
    {
        using var running = new HostingStartupService();
        await running.StartAsync(default);
        new HostingStartupService().Dispose();
        Assert.False(IsThere);

        // Its services are started, but it is disposed of and not stopped. A start that is tried twice is one.
        var failed = new HostingStartupService();
        await failed.StartAsync(default);
        await failed.StartAsync(default);
        failed.Dispose();
        Assert.False(IsThere);
        await running.StopAsync(default);
        Assert.True(IsThere);
    }

    private static bool IsThere => (Environment.GetEnvironmentVariable(Variable) ?? "").Split(';').Contains(s_own);
}
