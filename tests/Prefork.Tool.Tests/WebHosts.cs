using MixedLoad;
using static Prefork.Tool.Tests.Running;

namespace Prefork.Tool.Tests;

/// <summary>Programs that build a web host without the generic host, as all did before ASP.NET Core 3 (<c>WebHost.CreateDefaultBuilder</c>).</summary>
public class WebHosts
{
    private const string Startups = "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES";

    [Fact]
    public async Task AWorkerIsDrained_BeforeItsServerStops()
    {
        await using var run = Run([Published.Assembly, "-w", "1", "--", "web-host", "http://127.0.0.1:0"]);
        var url = new Uri($"http://127.0.0.1:{await PortAsync(run)}");
        await using var asking = await RawHttp.ConnectAsync(url);
        await using var idle = await RawHttp.ConnectAsync(url);
        var pid = await asking.GetAsync("/");
        Assert.Equal(pid, await idle.GetAsync("/"));
        Native.Kill(int.Parse(pid), Native.SigTerm);
        while (!asking.ToldToClose)
        {
            Assert.Equal(pid, await asking.GetAsync("/"));
        }

        // A server that stops closes what is idle at once.
        Assert.Equal(pid, await idle.GetAsync("/"));
        Assert.True(idle.ToldToClose);
        await run.ExpectErrorAsync("prefork: worker ", $"pid {pid}) ended (code 0): left by itself");
    }

    [Theory]
    [InlineData("/environment")]
    [InlineData("/child")]
    public async Task NothingOfOurs_IsLeftInTheEnvironment_AndTheUsersOwnStartupsStay(string path)
    {
        // An assembly that has no hosting startup.
        await using var run = Run([Published.Assembly, "-w", "1", "--", "web-host", "http://127.0.0.1:0"], new Dictionary<string, string?> { ["PREFORK_NODE"] = null, [Startups] = "UnmodifiedApp" });
        var port = await PortAsync(run);
        Assert.Equal(Startups, (await AskAsync(port, path, 1))[0]);
        Assert.Equal("UnmodifiedApp", (await AskAsync(port, $"/variable?name={Startups}", 1))[0]);
    }
}
