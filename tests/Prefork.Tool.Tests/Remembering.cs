using System.Diagnostics;
using System.Text.Json;

namespace Prefork.Tool.Tests;

/// <summary>An application is found, and remembered, whatever happens to its folder, its session, its primary or its machine.</summary>
public class Remembering
{
    [Fact]
    public async Task AFolderThatIsRemoved_IsMadeAgain_AndTheNameStaysTaken()
    {
        await using var app = new TestApplication();
        var pid = await app.StartAsync("-w", "1");
        await TestApplication.EventuallyAsync(() => Task.FromResult(TryDelete(app.Runtime)));
        await TestApplication.EventuallyAsync(async () => (await app.CommandAsync("list")).Output.Contains($" {pid} ", StringComparison.Ordinal));
        Assert.Equal(4, (await app.CommandAsync("start", Published.WebApp, "--name", "shop")).Code);
        Assert.Contains("was removed, and is made anew", (await app.CommandAsync("logs")).Output, StringComparison.Ordinal);

        // As a rotation of logs does that knows nothing of it.
        var log = Path.Combine(app.Runtime, "shop", "log.txt");
        File.Move(log, Path.Combine(app.Folder, "rotated.txt"));
        await File.WriteAllTextAsync(log, "");
        await TestApplication.EventuallyAsync(async () => (await app.CommandAsync("logs")).Output.Contains("the log was removed, and is begun anew", StringComparison.Ordinal));
        Assert.Equal(0, (await app.CommandAsync("stop")).Code);
    }

    /// <summary>Its owner writes to it meanwhile.</summary>
    private static bool TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    [Fact]
    public async Task StartAndList_FindEachOther_WithAndWithoutARuntimeFolder()
    {
        await using var app = new TestApplication();
        var start = await app.RunAsync(new ProcessStartInfo(Published.Command, ["start", Published.WebApp, "--name", "shop", "-w", "1", "--", "--urls=http://127.0.0.1:0"]), ("XDG_RUNTIME_DIR", null));
        Assert.True(start.Code == 0, start.Error);
        Assert.Equal(0, (await app.CommandAsync("scale", "shop", "2")).Code);
        Assert.Equal((0, "shop has stopped\n"), (await app.RunAsync(new ProcessStartInfo(Published.Command, ["stop", "shop"]), ("XDG_RUNTIME_DIR", "/nowhere")) is var (code, output, _) ? (code, output) : default));
    }

    [Fact]
    public async Task AnApplicationThatWasKilled_IsToldOf_StartedAgainAsItWas_AndForgotten()
    {
        await using var app = new TestApplication();
        await app.StartAsync("-w", "1", "-e", "COLOUR=red");
        var record = Path.Combine(app.Runtime, "shop", "application.json");
        Assert.All(Directory.GetFiles(app.Runtime, "*", SearchOption.AllDirectories), static file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        Assert.All(Directory.GetDirectories(app.Folder, "*", SearchOption.AllDirectories), static folder => Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(folder)));
        Assert.Equal(4, (await app.CommandAsync("forget", "shop")).Code);
        await KillAsync(app);
        Assert.Contains("prefork: shop does not run: it was killed (last seen ", (await app.CommandAsync("list")).Error, StringComparison.Ordinal);
        Assert.Contains("it was killed", (await app.CommandAsync("stop", "shop")).Error, StringComparison.Ordinal);
        Assert.Contains("last seen ", (await app.CommandAsync("list", "--json")).Error, StringComparison.Ordinal);

        // As after a restart of the machine: the same file, written under another boot.
        await File.WriteAllTextAsync(record, (await File.ReadAllTextAsync(record)).Replace((await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id")).Trim(), "another", StringComparison.Ordinal));
        Assert.Matches(@"shop +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +the machine was restarted", (await app.CommandAsync("list", "--all")).Output);

        var again = await app.RunAsync(new ProcessStartInfo(Published.Command, ["start", "shop"]), ("COLOUR", "blue"));
        Assert.True(again.Code == 0, again.Error);
        Assert.StartsWith("shop runs: 1 worker of ", again.Output, StringComparison.Ordinal);
        Assert.Contains("red", await File.ReadAllTextAsync($"/proc/{(await app.PidsAsync())[0]}/environ"), StringComparison.Ordinal);
        Assert.Equal("", (await app.CommandAsync("list")).Error);
        Assert.Equal(0, (await app.CommandAsync("stop")).Code);
        var ended = Assert.Single(await app.ListAsync("--all"), static one => one.TryGetProperty("end", out _));
        Assert.Equal("it was told to stop", ended.GetProperty("end").GetProperty("reason").GetString());
        Assert.False(ended.TryGetProperty("environment", out _));

        Assert.Equal((0, "shop is forgotten\n"), (await app.CommandAsync("forget", "shop") is var (code, output, _) ? (code, output) : default));
        Assert.Empty(await app.ListAsync("--all"));
        Assert.Equal(3, (await app.CommandAsync("forget", "shop")).Code);
        Assert.Equal(2, (await app.CommandAsync("start", "shop")).Code);
    }

    [Fact]
    public async Task AnApplicationThatASignalStopped_IsToldOfAfterARestartOfTheMachine()
    {
        await using var app = new TestApplication();
        var pid = await app.StartAsync("-w", "1");
        var record = Path.Combine(app.Runtime, "shop", "application.json");
        Native.Kill(pid, Native.SigTerm);
        await TestApplication.EventuallyAsync(async () => (await app.CommandAsync("list", "--all")).Output.Contains("SIGTERM stopped it", StringComparison.Ordinal));
        Assert.Equal("", (await app.CommandAsync("list")).Error);
        await File.WriteAllTextAsync(record, (await File.ReadAllTextAsync(record)).Replace((await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id")).Trim(), "another", StringComparison.Ordinal));
        Assert.Contains("shop does not run: SIGTERM stopped it; the machine was restarted since (", (await app.CommandAsync("list")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"name\":\"shop\"}")]
    [InlineData("{\"name\":\"other\",\"words\":[],\"folder\":\"/\",\"environment\":{}}")]
    public async Task AMemoryThatCannotBeRead_IsNone(string text)
    {
        await using var app = new TestApplication();
        Directory.CreateDirectory(Path.Combine(app.Runtime, "shop"), (UnixFileMode)0b111_000_000);
        await File.WriteAllTextAsync(Path.Combine(app.Runtime, "shop", "application.json"), text);
        var list = await app.CommandAsync("list", "--all", "--json");
        Assert.Equal(0, list.Code);
        Assert.Empty(TestApplication.OwnIn(list.Output));
        Assert.Equal(2, (await app.CommandAsync("start", "shop")).Code);
    }

    [Fact]
    public async Task NothingOfTheCallersGoesAlong_NorIsAVariableOnACommandLine()
    {
        await using var app = new TestApplication();
        var held = Path.Combine(app.Folder, "deploy.lock");
        var start = await app.RunAsync(new ProcessStartInfo("sh", ["-c", "exec 9>\"$1\"; shift; exec \"$@\"", "sh", held, Published.Command, "start", Published.WebApp, "--name", "shop", "-w", "1", "-e", "TOKEN=sesame-7f3a", "--", "--urls=http://127.0.0.1:0"]));
        Assert.True(start.Code == 0, start.Error);
        var status = await app.StatusAsync();
        foreach (var pid in (await app.PidsAsync()).Append(status.GetProperty("processId").GetInt32()))
        {
            Assert.DoesNotContain(held, new DirectoryInfo($"/proc/{pid}/fd").EnumerateFileSystemInfos().Select(static entry => entry.LinkTarget));
            Assert.DoesNotContain("sesame", await File.ReadAllTextAsync($"/proc/{pid}/cmdline"), StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFiles(Path.Combine(app.Runtime, "shop"), "start-*"));

        // In the foreground the primary keeps what it was given, and its workers do not get it.
        await using var run = new TestProgram("sh", ["-c", "exec 9>\"$1\"; shift; exec \"$@\"", "sh", held, Published.Command, "run", Published.WebApp, "--name", "other", "-w", "1", "--json", "--", "--urls=http://127.0.0.1:0"], app.Environment);
        await run.ExpectAsync(static line => line.Contains(" serves", StringComparison.Ordinal), "a worker that serves");
        using var list = JsonDocument.Parse((await app.CommandAsync("describe", "other", "--json")).Output);
        var worker = list.RootElement[0].GetProperty("cluster").GetProperty("workers")[0].GetProperty("processId").GetInt32();
        Assert.DoesNotContain(held, new DirectoryInfo($"/proc/{worker}/fd").EnumerateFileSystemInfos().Select(static entry => entry.LinkTarget));
        run.Signal(Native.SigTerm);
        Assert.Equal(0, await run.WaitForExitAsync());
    }

    private static async Task KillAsync(TestApplication app)
    {
        var pid = (await app.StatusAsync()).GetProperty("processId").GetInt32();
        Native.Kill(pid, Native.SigKill);
        await TestApplication.EventuallyAsync(async () => (await app.ListAsync()).Count == 0);
    }
}
