using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Prefork.Tool.Tests;

/// <summary>An application in the background does what the commands say, and nobody else's word counts.</summary>
public class Controlling
{
    [Fact]
    public async Task Start_List_Describe_Stop()
    {
        await using var app = new TestApplication();
        var pid = await app.StartAsync();
        var status = (await app.StatusAsync()).GetProperty("cluster");
        Assert.Equal("healthy", status.GetProperty("state").GetString(), ignoreCase: true);
        var list = await app.CommandAsync("list");
        var port = await app.PortAsync();
        Assert.Matches($@"shop +Healthy +{pid} +2/2 .* 127\.0\.0\.1:{port}\n", list.Output);
        Assert.Equal($"127.0.0.1:{port}", (await app.StatusAsync()).GetProperty("addresses")[0].GetString());
        Assert.All(status.GetProperty("workers").EnumerateArray(), worker => Assert.Equal(port, worker.GetProperty("listeners")[0].GetProperty("port").GetInt32()));
        Assert.DoesNotContain('\u001b', list.Output);
        var describe = await app.CommandAsync("describe");
        Assert.Contains(Path.GetFileName(Published.WebApp), describe.Output, StringComparison.Ordinal);
        Assert.Contains($"\nlistens on     127.0.0.1:{port}\nlog            {app.Runtime}/shop/log.txt\n", describe.Output, StringComparison.Ordinal);
        var stop = await app.CommandAsync("stop");
        Assert.Equal((0, "shop has stopped\n"), (stop.Code, stop.Output));
        Assert.Empty(await app.ListAsync());
        Assert.Equal(3, (await app.CommandAsync("describe", "shop")).Code);
        Assert.Empty(Directory.GetFiles(app.Runtime));
        await TestApplication.EventuallyAsync(() => Task.FromResult(HasEnded(pid)));
    }

    [Fact]
    public async Task ASecondStartOfOneName_IsRefused()
    {
        await using var app = new TestApplication();
        await app.StartAsync();
        var second = await app.CommandAsync("start", Published.WebApp, "--name", "shop");
        Assert.Equal(4, second.Code);
        Assert.Contains("an application named shop runs already", second.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await app.PidsAsync()).Length);
    }

    [Fact]
    public async Task AStart_IsNotTooEarly_ForAnApplicationThatIsSlowToListen()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not installed: ./test.sh does it.");
        await using var app = new TestApplication();

        // With the filter in the kernel only that call stops: else each one does, and a program that starts makes very many.
        await using var start = new TestProgram(
            "/usr/bin/strace",
            ["-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", "trace=listen", "-e", "inject=listen:delay_enter=500000", Published.Command, "start", Published.Assembly, "--name", "shop", "-w", "1", "--", "slim", "http://127.0.0.1:0"],
            new Dictionary<string, string?> { ["XDG_RUNTIME_DIR"] = app.Folder, ["XDG_STATE_HOME"] = app.Folder });
        await start.ExpectAsync("shop runs: 1 worker of ", 3 * TestProgram.Patience);
    }

    [Fact]
    public async Task AStartThatFails_SaysWhy_AndLeavesNothing()
    {
        await using var app = new TestApplication();
        var start = await app.CommandAsync("start", Published.WebApp, "--name", "shop", "-w", "1", "-e", "BEHAVE=exit");
        Assert.Equal(1, start.Code);
        Assert.Contains("5 workers ended before any served", start.Error, StringComparison.Ordinal);
        Assert.Contains("the database has no table 'orders'", start.Error, StringComparison.Ordinal);
        Assert.Empty(await app.ListAsync());
        Assert.Equal(2, (await app.CommandAsync("start", "/nowhere/App.dll")).Code);
    }

    [Fact]
    public async Task AKilledPrimary_TakesItsWorkersWithIt_AndItsSocketIsKnownForStale()
    {
        await using var app = new TestApplication();
        var pid = await app.StartAsync();
        var workers = await app.PidsAsync();
        Native.Kill(pid, Native.SigKill);
        await TestApplication.EventuallyAsync(() => Task.FromResult(workers.All(HasEnded)));
        Assert.NotEmpty(Directory.GetFiles(app.Runtime, "*.sock"));
        Assert.Empty(await app.ListAsync());
        Assert.Equal(3, (await app.CommandAsync("stop", "shop")).Code);
        await app.StartAsync();
    }

    [Fact]
    public async Task Reload_Restart_Rollback_Scale_DoSo()
    {
        await using var app = new TestApplication();
        await app.StartAsync();
        var before = await app.PidsAsync();
        var reload = await app.CommandAsync("reload");
        Assert.Equal((0, "reload to generation 2 succeeded: 2 workers serve\n"), (reload.Code, reload.Output));
        Assert.Contains("prefork: worker 3 (slot 0, generation 2", reload.Error, StringComparison.Ordinal);

        // How it ended is the answer, and said once.
        Assert.DoesNotContain("succeeded", reload.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await app.CommandAsync("restart", "--mode", "within-count")).Code);
        Assert.Equal(0, (await app.CommandAsync("rollback", "shop")).Code);
        Assert.Equal(0, (await app.CommandAsync("scale", "shop", "3")).Code);
        Assert.Equal((0, "2 workers serve\n"), ((await app.CommandAsync("scale", "-1")) is var (code, output, _) ? (code, output) : default));
        Assert.Empty((await app.PidsAsync()).Intersect(before));
        Assert.Equal(2, (await app.CommandAsync("scale", "0")).Code);
        var none = await app.CommandAsync("scale", "-5");
        Assert.Equal((2, "prefork: shop has 2 workers, and -5 would make that -3: it must have 1 to 1024 workers\n"), (none.Code, none.Error));
        Assert.Equal(2, (await app.CommandAsync("reload", "--mode", "sideways")).Code);
    }

    [Fact]
    public async Task ABadReload_EndsWithOne_AndShowsTheLastLines()
    {
        await using var app = new TestApplication();
        var bad = Path.Combine(app.Folder, "bad");
        await app.StartAsync("-e", $"BEHAVE_WHEN={bad}");
        var before = await app.PidsAsync();
        await File.WriteAllTextAsync(bad, "exit");
        var reload = await app.CommandAsync("reload");
        Assert.Equal(1, reload.Code);
        Assert.Contains("reload to generation 2 failed", reload.Error, StringComparison.Ordinal);
        Assert.Contains("  | the database has no table 'orders'", reload.Error, StringComparison.Ordinal);
        Assert.Equal(before, await app.PidsAsync());
        using var reply = JsonDocument.Parse((await app.CommandAsync("reload", "--json")).Output);
        Assert.Equal(1, reply.RootElement.GetProperty("exitCode").GetInt32());
    }

    [Fact]
    public async Task Describe_ShowsWhatAWorkerThatEndedWrote_FromTheReasonOn()
    {
        await using var app = new TestApplication();
        var script = Path.Combine(app.Folder, "shop.js");
        await File.WriteAllTextAsync(script, "require('http').createServer(() => { console.error('asked'); throw new Error('no table'); }).listen(0, '127.0.0.1');\n");
        Assert.Equal(0, (await app.CommandAsync("start", script, "--name", "shop", "-w", "1")).Code);
        using var client = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(async () => await client.GetStringAsync($"http://127.0.0.1:{await app.PortAsync()}/"));
        await TestApplication.EventuallyAsync(async () => (await app.CommandAsync("describe")).Output is var shown
            && shown.Contains("\n    | Error: no table\n    |     at Server.<anonymous> (", StringComparison.Ordinal) && !shown.Contains("| asked", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Logs_HaveWhatWorkersSay_AndFollow()
    {
        await using var app = new TestApplication();
        await app.StartAsync();
        var logs = await app.CommandAsync("logs", "-n", "100");
        Assert.Contains(" 0/1 urls http://127.0.0.1:", logs.Output, StringComparison.Ordinal);
        Assert.Contains(" prefork worker 2 (slot 1, generation 1", logs.Output, StringComparison.Ordinal);
        await using var follow = new TestProgram(Published.Command, ["logs", "shop", "-f", "-n", "1"], app.Environment);
        await follow.ExpectAsync(_ => true, "the last line");
        await app.CommandAsync("restart");
        await follow.ExpectAsync(line => line.Contains("restart to generation 2 succeeded", StringComparison.Ordinal), "the restart");
        follow.Signal(Native.SigInt);
        Assert.Equal(0, await follow.WaitForExitAsync());
    }

    [Theory]
    [InlineData("this is no JSON\n", "That is no request")]
    [InlineData("null\n", "That is no request")]
    [InlineData("{}\n", "is nothing that this version")]
    [InlineData("{\"command\":\"dance\"}\n", "is nothing that this version")]
    [InlineData("{\"command\":\"scale\",\"workers\":-5}\n", "it must have 1 to 1024 workers")]
    public async Task ABadRequest_IsAnswered_AndTheApplicationGoesOn(string request, string answer)
    {
        await using var app = new TestApplication();
        await app.StartAsync();
        using var socket = await ConnectAsync(app);
        await socket.SendAsync(Encoding.UTF8.GetBytes(request));
        Assert.Contains(answer, await ReadAsync(socket), StringComparison.Ordinal);
        Assert.Equal(2, (await app.PidsAsync()).Length);
    }

    [Fact]
    public async Task TooLong_HalfALine_SilenceAndVanishing_EndOneConnection_AndNothingElse()
    {
        await using var app = new TestApplication();
        await app.StartAsync();
        var silent = new List<Socket>();
        for (var i = 0; i < 15; i++)
        {
            silent.Add(await ConnectAsync(app));
        }

        // One place is left.
        using (var half = await ConnectAsync(app))
        {
            await half.SendAsync("{\"command\":\"stat"u8.ToArray());
            half.Shutdown(SocketShutdown.Send);
            Assert.Contains("The last line has no end", await ReadAsync(half), StringComparison.Ordinal);
        }

        using (var vanishing = await ConnectAsync(app))
        {
            await vanishing.SendAsync("{\"command\":\"status\"}\n"u8.ToArray());
        }

        // The silent ones are let go of after five seconds; who waits behind them is answered.
        Assert.Equal(2, (await app.PidsAsync()).Length);
        foreach (var socket in silent)
        {
            Assert.Equal(0, await socket.ReceiveAsync(new byte[1]).WaitAsync(TestProgram.Patience));
            socket.Dispose();
        }

        using var endless = await ConnectAsync(app);
        var sending = Task.Run(async () =>
        {
            try
            {
                for (var sent = 0; sent < 1024 * 1024;)
                {
                    sent += await endless.SendAsync(new byte[4096]);
                }
            }
            catch (SocketException)
            {
                // It was hung up on.
            }
        });
        await sending.WaitAsync(TestProgram.Patience);
        Assert.Equal(2, (await app.PidsAsync()).Length);
    }

    [Fact]
    public async Task ManyThatWaitForTheirTurn_LeaveRoomForWhoCallsOffOrStops()
    {
        await using var app = new TestApplication();
        await app.StartAsync();
        using var canary = await ConnectAsync(app);
        await canary.SendAsync("{\"command\":\"reload\",\"canarySeconds\":600}\n"u8.ToArray());

        // It tells of its beginning.
        Assert.NotEqual(0, await canary.ReceiveAsync(new byte[1]).WaitAsync(TestProgram.Patience));
        var queued = new List<Socket>();
        try
        {
            for (var i = 0; i < 13; i++)
            {
                queued.Add(await ConnectAsync(app));
                await queued[^1].SendAsync("{\"command\":\"restart\",\"queue\":true}\n"u8.ToArray());
            }

            Assert.Contains("12 operations wait for their turn already", await await Task.WhenAny(queued.Select(ReadAsync)), StringComparison.Ordinal);
            Assert.Equal(0, (await app.CommandAsync("rollback")).Code);
            Assert.Equal((0, "shop has stopped\n"), ((await app.CommandAsync("stop")) is var (code, output, _) ? (code, output) : default));
        }
        finally
        {
            queued.ForEach(static socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task AnotherUser_IsNotListenedTo()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can be another user.");
        await using var app = new TestApplication();
        await app.StartAsync();

        // As if the folder were open to all: it is the peer that counts.
        File.SetUnixFileMode(app.Folder, (UnixFileMode)0b111_111_111);
        File.SetUnixFileMode(app.Runtime, (UnixFileMode)0b111_111_111);
        File.SetUnixFileMode(Path.Combine(app.Runtime, "shop.sock"), (UnixFileMode)0b111_111_111);
        const string Script = "const s = require('net').connect(process.argv[1], () => s.write('{\"command\":\"status\"}\\n')); s.on('data', d => console.log(`${d}`)); s.on('close', () => console.log('closed')); s.on('error', () => {})";
        var result = await app.RunAsync(new ProcessStartInfo("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "node", "-e", Script, Path.Combine(app.Runtime, "shop.sock")]));
        Assert.Equal("closed\n", result.Output);
    }

    [Fact]
    public async Task AFolderThatIsALink_OrSomebodyElses_IsRefused()
    {
        await using var app = new TestApplication();
        var elsewhere = Path.Combine(app.Folder, "elsewhere");
        Directory.CreateDirectory(elsewhere);
        Directory.CreateSymbolicLink(app.Runtime, elsewhere);
        var result = await app.CommandAsync("list");
        Assert.Equal(1, result.Code);
        Assert.Contains("is a link", result.Error, StringComparison.Ordinal);
        Directory.Delete(app.Runtime);
    }

    private static async Task<Socket> ConnectAsync(TestApplication app)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(app.Runtime, "shop.sock")));
        return socket;
    }

    /// <summary>To the end.</summary>
    private static async Task<string> ReadAsync(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        for (int count; (count = await socket.ReceiveAsync(buffer).WaitAsync(TestProgram.Patience)) > 0;)
        {
            text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return text.ToString();
    }

    private static bool HasEnded(int pid)
        => !Directory.Exists($"/proc/{pid}") || File.ReadAllLines($"/proc/{pid}/status").Contains("State:\tZ (zombie)");
}
