using System.Diagnostics;
using Prefork.Tool.Control;

namespace Prefork.Tool.Tests;

/// <summary>Root's commands reach the applications of other users. By itself, for other tests of root's would see theirs.</summary>
[CollectionDefinition(nameof(OtherUsers), DisableParallelization = true)]
[Collection(nameof(OtherUsers))]
public class OtherUsers
{
    [Fact]
    public async Task Root_SeesOtherUsersApplications_AndMayAct()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can be another user.");
        await using var app = new TestApplication();
        await using var theirs = new TestApplication();
        File.SetUnixFileMode(theirs.Folder, (UnixFileMode)0b111_111_111);
        var start = await theirs.RunAsync(new ProcessStartInfo("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", Published.Command, "start", Published.WebApp, "--name", "shop", "-w", "1", "--", "--urls=http://127.0.0.1:0"]));
        Assert.True(start.Code == 0, start.Error);
        Assert.Contains("nobody/shop ", (await app.CommandAsync("list")).Output, StringComparison.Ordinal);
        Assert.Contains("1/1", (await app.CommandAsync("describe", "nobody/shop")).Output, StringComparison.Ordinal);
        Assert.Contains(" serves", (await app.CommandAsync("logs", "nobody/shop")).Output, StringComparison.Ordinal);
        Assert.Equal((0, "shop has stopped\n"), (await app.CommandAsync("stop", "nobody/shop") is var (code, output, _) ? (code, output) : default));
    }

    [Fact]
    public async Task AFolderOfAnotherUsers_InThePlaceOfTheRuntimeFolder_IsPassedOver()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can be another user.");
        await using var app = new TestApplication();
        using var folder = new TemporaryFolder();
        var theirs = Path.Combine(folder.Path, "prefork");
        Directory.CreateDirectory(theirs);
        using var forged = ControlSocket.TryTake(theirs, "shop")!;
        using var socket = forged.Listen();
        using (var change = Process.Start("chown", ["-R", "65534:65534", theirs]))
        {
            await change.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var result = await app.RunAsync(new ProcessStartInfo(Published.Command, ["describe", "shop"]), ("XDG_RUNTIME_DIR", folder.Path));
        Assert.Equal(3, result.Code);
        Assert.Contains("no application named shop runs", result.Error, StringComparison.Ordinal);
    }
}
