using System.Diagnostics;

namespace Prefork.Tool.Tests;

/// <summary><c>prefork start</c> tells the truth of its own application, and what stands in its way is said with the remedy.</summary>
public class Starting
{
    [Fact]
    public async Task OfSeveralStartsOfOneName_OneSucceeds_AndTheOthersAreRefused()
    {
        await using var app = new TestApplication();
        var starts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => app.CommandAsync("start", Published.WebApp, "--name", "shop", "-w", "1", "--", "--urls=http://127.0.0.1:0")));
        var won = Assert.Single(starts, static start => start.Code == 0);
        Assert.Contains($"pid {(await app.StatusAsync()).GetProperty("processId").GetInt32()}\n", won.Output, StringComparison.Ordinal);
        foreach (var lost in starts.Where(static start => start.Code != 0))
        {
            Assert.Equal(4, lost.Code);
            Assert.Contains("an application named shop runs already", lost.Error, StringComparison.Ordinal);
        }

        Assert.Equal(["application.json", "log.txt", "start.txt"], Directory.GetFiles(Path.Combine(app.Runtime, "shop")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task AStartThatFailsAgain_ShowsWhatItsOwnWorkersSaid_FromTheReasonOn()
    {
        await using var app = new TestApplication();
        var script = Path.Combine(app.Folder, "shop.js");
        await File.WriteAllTextAsync(script, "console.log(`${process.env.WORD} starts`);\nfunction open() { throw new Error(`no table ${process.env.WORD}`); }\nopen();\n");
        Task<(int Code, string Output, string Error)> Start(string word, params string[] options)
            => app.CommandAsync(["start", script, "--name", "shop", "-w", "1", "--restart-delay", "1ms", "--max-restart-delay", "1ms", "-e", $"WORD={word}", .. options]);

        var first = await Start("first");
        Assert.Equal(1, first.Code);
        Assert.Contains(": Error: no table first\n", first.Error, StringComparison.Ordinal);
        var second = await Start("second", "--json");
        Assert.Contains("\n  | Error: no table second\n  |     at open (", second.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("first", second.Error, StringComparison.Ordinal);
        using var reply = System.Text.Json.JsonDocument.Parse(second.Output);
        Assert.Equal("Error: no table second", reply.RootElement.GetProperty("lastLines")[0].GetString());
    }

    [Theory]
    [InlineData("--name:shop", "-w:1", "-e:COLOUR=red:green")]
    [InlineData("--name=shop", "-w1", "--env=COLOUR=red:green")]
    [InlineData("@options.txt")]
    public async Task Options_HoweverTheyAreWritten_ReachTheApplication(params string[] options)
    {
        await using var app = new TestApplication();
        await File.WriteAllTextAsync(Path.Combine(app.Folder, "options.txt"), "--name shop\n--workers 1\n-e COLOUR=red:green\n");
        var start = await app.CommandAsync(["start", Published.Assembly, .. options, "--", "slim", "http://127.0.0.1:0", "--name:other"]);
        Assert.True(start.Code == 0, start.Error);
        Assert.Equal("shop runs: 1 worker of ", start.Output[..23]);
        Assert.Matches($@"\nlistens on 127\.0\.0\.1:\d+\nlog: {app.Runtime}/shop/log.txt\n'prefork logs shop -f' follows it, ", start.Output);
        var port = await app.PortAsync();
        Assert.Equal("red:green", (await Running.AskAsync(port, "/variable?name=COLOUR", 1))[0]);
        Assert.Equal("slim http://127.0.0.1:0 --name:other", (await Running.AskAsync(port, "/arguments", 1))[0]);
    }

    [Theory]
    [InlineData("ro", "Read-only file system", "run", "--name", "shop")]
    [InlineData("ro", "Read-only file system", "run")]
    [InlineData("ro", "Read-only file system", "start")]
    [InlineData("nr_inodes=2", "No space left on device", "run")]
    [InlineData("nr_inodes=3", "is the disk full?", "run")]
    [InlineData("nr_inodes=3", "is the disk full?", "start")]
    public async Task AStateFolderThatCannotBeWritten_IsSaidSo(string how, string what, params string[] command)
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can mount a file system.");
        await using var app = new TestApplication();
        var runtime = Directory.CreateDirectory(Path.Combine(app.Folder, "runtime")).FullName;
        const string Script = "options=$2; [ \"$2\" != ro ] || options=size=1m; mount -t tmpfs -o $options none \"$1\" && mkdir -m 700 \"$1/prefork\" && { [ \"$2\" != ro ] || mount -o remount,ro \"$1\"; } && shift 2 && exec \"$@\"";
        var result = await app.RunAsync(
            new ProcessStartInfo("unshare", ["--mount", "sh", "-c", Script, "sh", runtime, how, Published.Command, command[0], Published.Assembly, .. command[1..]]), ("XDG_STATE_HOME", runtime));
        Assert.Equal(1, result.Code);
        Assert.StartsWith($"prefork: {runtime}/prefork/", result.Error, StringComparison.Ordinal);
        Assert.Contains(what, result.Error, StringComparison.Ordinal);
        Assert.Contains("set XDG_STATE_HOME", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run", "--name", "shop")]
    [InlineData("start", "--name", "shop")]
    [InlineData("list")]
    public async Task ALockThatMayNotBeOpened_IsSaidSo(params string[] command)
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can be another user.");
        await using var app = new TestApplication();
        File.SetUnixFileMode(app.Folder, (UnixFileMode)0b111_111_111);
        string[] arguments = command is [var verb, _, ..] ? [verb, Published.Assembly, .. command[1..]] : command;
        var result = await app.RunAsync(new ProcessStartInfo("setpriv",
            ["--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", "mkdir -m 700 prefork; touch prefork/shop.sock; umask 777; touch prefork/shop.lock; exec \"$@\"", "sh", Published.Command, .. arguments]));
        Assert.Equal(1, result.Code);
        Assert.StartsWith($"prefork: {app.Runtime}/shop.lock cannot be used: Permission denied", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("start")]
    public async Task APathThatIsTooLongForASocket_IsSaidSo(string command)
    {
        await using var app = new TestApplication();
        var runtime = Directory.CreateDirectory(Path.Combine(app.Folder, new string('x', 100))).FullName;
        var result = await app.RunAsync(new ProcessStartInfo(Published.Command, [command, Published.Assembly]), ("XDG_STATE_HOME", runtime));
        Assert.Equal((1, $"prefork: {runtime}/prefork/UnmodifiedApp.sock is too long for a socket: {runtime.Length + 27} bytes, and 107 are the most. Set XDG_STATE_HOME to a shorter folder, or give a shorter --name.\n"), (result.Code, result.Error));
    }

    [Theory]
    [InlineData("/nowhere", "start")]
    [InlineData("/nowhere", "logs")]
    [InlineData("/dev/null", "start")]
    public async Task WithoutAHome_ThereIsNoPlaceForALog_AndThatIsSaid(string home, string command)
    {
        await using var app = new TestApplication();
        var result = await app.RunAsync(new ProcessStartInfo(Published.Command, command == "start" ? [command, Published.Assembly, "--name", "shop"] : [command, "shop"]), ("HOME", home), ("XDG_STATE_HOME", null));
        Assert.Equal(1, result.Code);
        Assert.Contains("set XDG_STATE_HOME", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd('\n').Split('\n'));
        Assert.Empty(await app.ListAsync());
        Assert.False(Directory.Exists(Path.Combine(app.Folder, ".local")));
    }

    [Theory]
    [InlineData("max", "max-1")]
    [InlineData("max-1", "max")]
    public async Task Max_IsAWorkerAProcessor(string first, string second)
    {
        await using var app = new TestApplication();
        await app.StartAsync("-w", first);
        Assert.Equal(Of(first), (await app.PidsAsync()).Length);
        Assert.Equal(0, (await app.CommandAsync("scale", second)).Code);
        Assert.Equal(Of(second), (await app.StatusAsync()).GetProperty("cluster").GetProperty("desiredWorkers").GetInt32());

        static int Of(string text) => text == "max" ? Environment.ProcessorCount : Math.Max(1, Environment.ProcessorCount - 1);
    }

    [Fact]
    public async Task AWorkerThatDoesNotPassItsHealthGate_FailsTheStart_AndOneThatDoesServes()
    {
        await using var app = new TestApplication();
        await app.StartAsync("--health", "/health");
        Assert.Equal(0, (await app.CommandAsync("stop")).Code);
        var sick = await app.CommandAsync("start", Published.WebApp, "--name", "shop", "-w", "1", "--health", "/health", "--health-timeout", "20s", "-e", "BEHAVE=sick", "--", "--urls=http://127.0.0.1:0");
        Assert.Equal(1, sick.Code);
        Assert.Contains("/health was answered with 503", sick.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_NamesTheCommand()
    {
        await using var app = new TestApplication();
        foreach (var option in new[] { "--help", "-h" })
        {
            var help = await app.CommandAsync(option);
            Assert.Equal(0, help.Code);
            Assert.Contains("\n  prefork [command] [options]\n", help.Output, StringComparison.Ordinal);
        }

        Assert.Contains("\n  prefork run [<program>] [options]\n", (await app.CommandAsync("run", "--help")).Output, StringComparison.Ordinal);
        Assert.Matches(@"^0\.1\.0", (await app.CommandAsync("--version")).Output);
        Assert.Equal(2, (await app.CommandAsync()).Code);
    }
}
