using System.Diagnostics;
using System.Text.Json;
using Prefork.Tool.Control;

namespace Prefork.Tool.Tests;

/// <summary>Root's commands reach the applications of other users. Those of these tests are seen by no other test.</summary>
public class OtherUsers
{
    [Fact]
    public async Task Root_SeesOtherUsersApplications_AndMayAct()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can be another user.");
        await using var app = new TestApplication();
        await using var theirs = new TestApplication();
        await using var mount = await PrivateMount.OnAsync(theirs.Folder);
        var start = await theirs.RunAsync(mount.Start("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", Published.Command, "start", Published.WebApp, "--name", "shop", "-w", "1", "--", "--urls=http://127.0.0.1:0"));
        Assert.True(start.Code == 0, start.Error);
        Task<(int Code, string Output, string Error)> CommandAsync(params string[] words) => app.RunAsync(mount.Start(Published.Command, words));
        Assert.Contains("nobody/shop ", (await CommandAsync("list")).Output, StringComparison.Ordinal);
        Assert.Matches("\nnobody/shop +Healthy .* 1/1 ", (await CommandAsync("describe", "nobody/shop")).Output);
        using (var json = JsonDocument.Parse((await CommandAsync("describe", "nobody/shop", "--json")).Output))
        {
            Assert.Equal(("shop", "nobody"), (json.RootElement[0].GetProperty("name").GetString(), json.RootElement[0].GetProperty("user").GetString()));
        }

        Assert.Matches("\nnobody/shop +0 +\\d+ +1 +Serving ", (await CommandAsync("top", "nobody/shop")).Output);
        Assert.Contains(" serves", (await CommandAsync("logs", "nobody/shop")).Output, StringComparison.Ordinal);
        Assert.Equal((0, "shop has stopped\n"), (await CommandAsync("stop", "nobody/shop") is var (code, output, _) ? (code, output) : default));
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
        await ChangeOwnerAsync(theirs);

        var result = await app.RunAsync(new ProcessStartInfo(Published.Command, ["describe", "shop"]), ("XDG_RUNTIME_DIR", folder.Path));
        Assert.Equal(3, result.Code);
        Assert.Contains("no application named shop runs", result.Error, StringComparison.Ordinal);
    }

    /// <summary>As sudo -E leaves root. What root writes meanwhile lies in a home folder of this test's own.</summary>
    [Fact]
    public async Task Root_WithAnotherUsersEnvironment_UsesItsOwnFolders_AndSaysSo()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can be another user.");
        await using var app = new TestApplication();
        var theirs = Directory.CreateDirectory(Path.Combine(app.Folder, "anna")).FullName;
        await ChangeOwnerAsync(theirs);
        const string Script = """
            mount -t tmpfs none /root && prefork=$1 && "$prefork" start "$2" --name shop -w 1 -- --urls=http://127.0.0.1:0 && "$prefork" logs shop -n 1 && "$prefork" logs -n 1 && "$prefork" list
            find /root -name '*.sock' -o -name application.json -o -name log.txt; cat /root/.local/state/prefork/shop/start.txt; "$prefork" stop shop
            """;
        var result = await app.RunAsync(new ProcessStartInfo("unshare", ["--mount", "sh", "-c", Script, "sh", Published.Command, Published.WebApp]), ("HOME", theirs), ("XDG_STATE_HOME", null), ("XDG_RUNTIME_DIR", theirs));
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("log: /root/.local/state/prefork/shop/log.txt\n", result.Output, StringComparison.Ordinal);
        foreach (var file in new[] { "shop.sock", "shop/application.json", "shop/log.txt" })
        {
            Assert.Contains($"\n/root/.local/state/prefork/{file}\n", result.Output, StringComparison.Ordinal);
        }

        Assert.Matches("\nshop +Healthy ", result.Output);
        Assert.Empty(Directory.GetFileSystemEntries(theirs));
        var said = $"prefork: root does not use HOME ({theirs}) and XDG_RUNTIME_DIR ({theirs}): another user could change where that leads. Root's applications, their logs and what is remembered of them are in /root/.local/state/prefork.";
        Assert.Equal(5, result.Error.Split('\n').Count(line => line.StartsWith(said, StringComparison.Ordinal)));

        // What is in the file of last words would be taken for the reason of a crash.
        Assert.DoesNotContain("root does not use", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFolderCountsForRoot_WhenEveryFolderAndLinkOnTheWayIsRoots()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can be another user.");
        using var folder = new TemporaryFolder();
        var (own, theirs) = (Directory.CreateDirectory(Path.Combine(folder.Path, "own")).FullName, Directory.CreateDirectory(Path.Combine(folder.Path, "theirs")).FullName);
        Directory.CreateDirectory(Path.Combine(theirs, "roots"));
        Directory.CreateSymbolicLink(Path.Combine(own, "there"), "../theirs/roots");
        Directory.CreateSymbolicLink(Path.Combine(own, "here"), "../own");
        Directory.CreateSymbolicLink(Path.Combine(own, "round"), "round");
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "their-link"), own);
        using (var change = Process.Start("chown", ["-h", "65534", theirs, Path.Combine(folder.Path, "their-link")]))
        {
            await change.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        foreach (var (path, isRoots) in new[]
        {
            ("own", true), ("own/not/yet", true), ("own/here/not", true), ("own/here/../own", true), ("theirs", false), ("theirs/roots", false), ("theirs/not", false), ("own/there", false), ("own/there/not", false),
            ("their-link", false), ("their-link/not", false), ("own/round", false), ("own/here/there", false),
        })
        {
            Assert.Equal((path, isRoots), (path, GivenFolders.IsRoots(Path.Combine(folder.Path, path))));
        }
    }

    [Fact]
    public async Task OneOfManyApplicationsOfAUser_IsFound_AndAListAsksSome()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can be another user.");
        await using var app = new TestApplication();
        using var folder = new TemporaryFolder();
        await using var mount = await PrivateMount.OnAsync(folder.Path);
        await using var theirs = await ForeignApplications.StartAsync(mount, folder.Path, 40, """{"exitCode":0,"status":{"name":"shop","processId":7,"cluster":{"state":"Healthy","program":"p","workers":[],"endings":[]}}}""");
        var list = await app.RunAsync(mount.Start(Published.Command, "list"));
        Assert.Equal(1, list.Code);
        Assert.Equal(32, list.Output.Split('\n').Count(static line => line.StartsWith($"{ForeignApplications.User}/app", StringComparison.Ordinal)));
        Assert.Contains($"prefork: {ForeignApplications.User} has 8 more: 32 of one user are asked. 'prefork describe {ForeignApplications.User}/NAME' asks one.\n", list.Error, StringComparison.Ordinal);
        Assert.Matches($"\n{ForeignApplications.User}/app39 +Healthy ", (await app.RunAsync(mount.Start(Published.Command, "describe", $"{ForeignApplications.User}/app39"))).Output);
    }

    [Fact]
    public async Task AnAnswerWithoutEnd_IsNotRead()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can be another user.");
        await using var app = new TestApplication();
        using var folder = new TemporaryFolder();
        await using var mount = await PrivateMount.OnAsync(folder.Path);
        await using var theirs = await ForeignApplications.StartAsync(mount, folder.Path, 1, new string(' ', 2 * 1024 * 1024));
        var list = await app.RunAsync(mount.Start(Published.Command, "list", "--json"));
        Assert.Contains($"prefork: {ForeignApplications.User}/app0: the application cannot be asked: A line of more than 1048576 bytes.\n", list.Error, StringComparison.Ordinal);
    }

    private static async Task ChangeOwnerAsync(string folder)
    {
        using var change = Process.Start("chown", ["-R", "65534:65534", folder]);
        await change.WaitForExitAsync(TestContext.Current.CancellationToken);
    }
}
