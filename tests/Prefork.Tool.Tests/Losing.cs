using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Prefork.Tool.Tests;

/// <summary>What cannot be written is lost, and nothing stops for it.</summary>
public class Losing
{
    /// <summary>More than a pipe holds, of 1 MiB: a worker whose output is not read stands still.</summary>
    private const string Much = "/write?lines=3000";

    [Fact]
    public async Task StandardOutputToAFullDisk_CostsLines_AndIsSaidOnce()
    {
        await using var run = Shell("exec \"$@\" >/dev/full", Published.Command, "run", Published.Assembly, "-w", "1", "--", "slim", "http://127.0.0.1:0");
        var port = await Running.PortAsync(run);
        Assert.Equal(["written", "written"], await Running.AskAsync(port, Much, 2));
        run.Signal(Native.SigTerm);
        Assert.Equal(0, await run.WaitForExitAsync());
        var errors = await run.ErrorsAsync();
        Assert.Single(errors, static line => line.StartsWith("prefork: lines are lost: standard output cannot be written: No space left on device", StringComparison.Ordinal));
        Assert.Equal("prefork: stopped", errors[^1]);
    }

    [Theory]
    [InlineData]
    [InlineData("--json")]
    public async Task AllToAFullDisk_StopsNothing(params string[] options)
    {
        var port = FreePort();
        await using var run = Shell("exec \"$@\" >/dev/full 2>&1", [Published.Command, "run", Published.Assembly, "-w", "1", .. options, "--", "slim", $"http://127.0.0.1:{port}"]);
        await ServesAsync(port);
        Assert.Equal(["written", "written"], await Running.AskAsync(port, Much, 2));
        run.Signal(Native.SigTerm);
        Assert.Equal(0, await run.WaitForExitAsync());
    }

    [Fact]
    public async Task APipeThatIsClosed_StopsNothing()
    {
        await using var app = new TestApplication();
        await using var run = Shell("exec 3>&1; { \"$@\" 3>&-; echo \"ended with $?\" >&3; } 2>&1 | true", app.Environment, Published.Command, "run", Published.Assembly, "--name", "shop", "-w", "1", "--", "slim", $"http://127.0.0.1:{FreePort()}");
        await TestApplication.EventuallyAsync(async () => (await app.CommandAsync("describe", "shop")).Output.Contains("1/1", StringComparison.Ordinal));
        Assert.Equal(0, (await app.CommandAsync("stop")).Code);
        await run.ExpectAsync("ended with 0");
    }

    [Fact]
    public async Task ATerminalThatCloses_StopsItInOrder()
    {
        await using var app = new TestApplication();
        var code = Path.Combine(app.Folder, "code.txt");

        // The terminal's own shell dies of it, as it does; the other one has the code.
        var command = $"trap : HUP; {Published.Command} run {Published.Assembly} --name shop -w 1 -- slim http://127.0.0.1:0; echo $? >{code}.new; mv {code}.new {code}";
        await using (var terminal = Terminal.Run($"sh -c '{command}'; true", app.Environment))
        {
            await terminal.ExpectAsync(static line => line.Contains(" serves", StringComparison.Ordinal), "a worker that serves");
            terminal.Signal(Native.SigKill);
        }

        await TestApplication.EventuallyAsync(() => Task.FromResult(File.Exists(code)));
        Assert.Equal("0\n", await File.ReadAllTextAsync(code));
    }

    [Fact]
    public async Task ATerminalThatIsHeld_HoldsUpNobodyButWhoeverWritesThere()
    {
        await using var app = new TestApplication();
        var port = FreePort();
        await using var terminal = Terminal.Run($"exec {Published.Command} run {Published.Assembly} --name shop -w 1 --watch-window 0 --stop-timeout 1s -- slim http://127.0.0.1:{port}", app.Environment);
        await terminal.ExpectAsync(static line => line.Contains(" serves", StringComparison.Ordinal), "a worker that serves");
        terminal.Signal(Native.SigStop);
        try
        {
            // More than there is room for.
            using var client = new HttpClient();
            using var given = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetStringAsync($"http://127.0.0.1:{port}{Much}", given.Token));
            Assert.Equal("reload to generation 2 succeeded: 1 worker serves\n", (await app.CommandAsync("reload")).Output);
            Assert.Equal(0, (await app.CommandAsync("stop")).Code);
        }
        finally
        {
            terminal.Signal(Native.SigCont);
        }

        Assert.Equal(0, await terminal.WaitForExitAsync());
    }

    /// <summary>A log of 10 MiB is followed by the next one, for which its folder is asked.</summary>
    [Fact]
    public async Task ALogOnAFileSystemThatHangs_CostsLines_AndHoldsUpNobody()
    {
        await using var app = new TestApplication();
        await app.SucceedAsync("start", Published.Assembly, "--name", "shop", "-w", "1", "--watch-window", "0", "--cwd", Path.GetDirectoryName(Published.Assembly)!, "--", "slim", "http://127.0.0.1:0");
        var port = await app.PortAsync();
        var log = Path.GetDirectoryName((await app.StatusAsync()).GetProperty("log").GetString())!;
        using (HangingFileSystem.Mount(log))
        {
            Assert.Equal(["written", "written"], await Running.AskAsync(port, "/write?lines=12000", 2));
            Native.Kill((await app.PidsAsync())[0], Native.SigKill);
            await TestApplication.EventuallyAsync(async () => (await app.CommandAsync("describe")).Output.Contains("1/1", StringComparison.Ordinal));
            await app.SucceedAsync("reload");
            await app.SucceedAsync("stop");
        }
    }

    [Theory]
    [InlineData("list")]
    [InlineData("list", "--json")]
    [InlineData("describe")]
    [InlineData("logs")]
    [InlineData("scale", "1")]
    public async Task ACommandWhoseAnswerCannotBeWritten_EndsWithOne(params string[] command)
    {
        await using var app = new TestApplication();
        await app.StartAsync();
        var result = await app.RunAsync(new ProcessStartInfo("sh", ["-c", "exec \"$@\" >/dev/full", "sh", Published.Command, .. command]));
        Assert.Equal(1, result.Code);
        Assert.EndsWith("prefork: standard output cannot be written: No space left on device. What it would have said is lost.\n", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("top --json")]
    [InlineData("logs shop -n 1 -f")]
    [InlineData("logs shop --json -f -n 1")]
    public async Task ACommandThatGoesOn_EndsWhenNobodyReads(string command)
    {
        await using var app = new TestApplication();
        await app.StartAsync("-w", "1");
        var result = await app.RunAsync(new ProcessStartInfo("sh", ["-c", $"{{ '{Published.Command}' {command}; echo \"code $?\" >&2; }} | head -1"]));
        Assert.Single(result.Output.TrimEnd('\n').Split('\n'));
        Assert.Equal("code 0\n", result.Error);
    }

    [Fact]
    public async Task WhereNobodyReads_ACommandEndsWithItsCode_AndComplainsOfNothing()
    {
        await using var app = new TestApplication();
        await app.StartAsync("-w", "1");
        foreach (var (command, code) in new[] { ("list", 0), ("describe --json", 0), ("logs -n 1000", 0), ("scale 1 --json", 0), ("reload --mode rolling", 0), ("stop nobody --json", 3), ("run --json", 2) })
        {
            var result = await app.RunAsync(new ProcessStartInfo("sh", ["-c", $"{{ sleep 0.1; '{Published.Command}' {command} 2>error; echo \"code $?\" >&2; }} | true"]));
            Assert.Equal((command, $"code {code}\n"), (command, result.Error));
            Assert.DoesNotContain("standard output", await File.ReadAllTextAsync(Path.Combine(app.Folder, "error")), StringComparison.Ordinal);
        }
    }

    private static TestProgram Shell(string script, params string[] arguments) => Shell(script, new Dictionary<string, string?>(), arguments);

    private static TestProgram Shell(string script, IReadOnlyDictionary<string, string?> environment, params string[] arguments)
        => new("/bin/sh", ["-c", script, "sh", .. arguments], environment);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static Task ServesAsync(int port) => TestApplication.EventuallyAsync(async () =>
    {
        try
        {
            return (await Running.AskAsync(port, "/", 1)).Count == 1;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    });
}
