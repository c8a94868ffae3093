using System.Text.Json;

namespace Prefork.Tool.Tests;

/// <summary>Operations, and the options that they have.</summary>
public class Operating
{
    [Fact]
    public async Task ASecondStop_WaitsForTheFirst_AndHastensNothing()
    {
        await using var app = new TestApplication();
        await app.StartAsync("-w", "1", "--stop-timeout", "60s", "-e", "drain=50");
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
        var slow = client.GetStringAsync($"http://127.0.0.1:{await app.PortAsync()}/slow?ms=10000");
        await TestApplication.EventuallyAsync(async () => Workers(await app.StatusAsync()).Any(static worker => worker.GetProperty("connections").GetInt32() > 0));
        var stops = await Task.WhenAll(app.CommandAsync("stop"), app.CommandAsync("stop"), app.CommandAsync("stop"));
        Assert.All(stops, static stop => Assert.Equal((0, "shop has stopped\n"), (stop.Code, stop.Output)));
        Assert.Equal("slow", await slow);
        Assert.DoesNotContain("hastened", (await app.CommandAsync("logs", "shop", "-n", "100")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--hasten", "SIGTERM", true)]
    [InlineData("--hasten", "SIGTERM", false)]
    [InlineData("--now", "SIGKILL", true)]
    [InlineData("--now", "SIGKILL", false)]
    public async Task AStop_IsHastened_ByThatOptionOnly(string option, string signal, bool isUnderWay)
    {
        // Node leaves when nothing keeps it; this one never. A request that is not answered keeps the drain from being over, after which it would get SIGTERM by itself.
        await using var app = new TestApplication();
        var script = Path.Combine(app.Folder, "stays.js");
        await File.WriteAllTextAsync(script, "require('http').createServer(() => console.log('asked')).listen(0, '127.0.0.1'); setInterval(() => {}, 1000); process.on('SIGTERM', () => { if (process.argv[2] == 'goes') process.exit(9); })");
        Assert.Equal(0, (await app.CommandAsync("start", script, "--name", "shop", "-w", "1", "--stop-timeout", "1d", "--kill-timeout", "1d", "--", signal == "SIGTERM" ? "goes" : "stays")).Code);
        using var client = new System.Net.Sockets.TcpClient("127.0.0.1", await app.PortAsync());
        await client.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        await TestApplication.EventuallyAsync(async () => (await app.CommandAsync("logs", "shop", "-n", "100")).Output.Contains(" asked\n", StringComparison.Ordinal));
        var plain = Task.FromResult((Code: 0, Output: "", Error: ""));
        if (isUnderWay)
        {
            var begun = await app.CommandAsync("stop", "--no-wait");
            Assert.Equal((0, "stop has begun\n"), (begun.Code, begun.Output));
            plain = app.CommandAsync("stop");

            // One that comes after the end is told that nothing runs.
            await TestApplication.EventuallyAsync(async () => (await app.CommandAsync("logs", "shop", "-n", "100")).Output.Split("is told to stop").Length > 2);
        }

        Assert.Equal(0, (await app.CommandAsync("stop", option)).Code);
        Assert.Equal(0, (await plain).Code);
        var log = (await app.CommandAsync("logs", "shop", "-n", "100")).Output;
        Assert.Contains(signal == "SIGTERM" ? "ended (code 9)" : "ended (signal SIGKILL)", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnOperationBesideAnother_IsRefused_OrQueues_AndHasBegunWhenItHas()
    {
        // The first one goes on until the test lets its new worker pass.
        await using var app = new TestApplication();
        var passes = Path.Combine(app.Folder, "passes");
        await File.WriteAllTextAsync(passes, "");
        await app.StartAsync("-w", "1", "--health", $"command:{await GateAsync(app, passes)}", "--health-timeout", "60s");
        File.Delete(passes);
        var first = await app.CommandAsync("reload", "--no-wait");
        Assert.Equal((0, "reload has begun\n"), (first.Code, first.Output));
        Assert.StartsWith("reload", (await app.StatusAsync()).GetProperty("cluster").GetProperty("operation").GetString()!, StringComparison.Ordinal);
        var refused = await app.CommandAsync("reload");
        Assert.Equal(4, refused.Code);
        Assert.Contains("Not now: reload is under way. Wait for it to end, or queue behind it. 'prefork reload shop --queue' does so.", refused.Error, StringComparison.Ordinal);

        // It is behind the first one when it hears what happens meanwhile, such as that the log was removed.
        var log = (await app.StatusAsync()).GetProperty("log").GetString()!;
        await using (var queued = new TestProgram(Published.Command, ["restart", "shop", "--queue", "--no-wait"], app.Environment))
        {
            var hears = queued.ExpectErrorAsync("prefork: the log was removed");
            await TestApplication.EventuallyAsync(() =>
            {
                File.Delete(log);
                return Task.FromResult(hears.IsCompleted);
            });
            await hears;
            await File.WriteAllTextAsync(passes, "");

            // What the first one says is not the second one's beginning.
            await queued.ExpectAsync("restart has begun");
            var said = await queued.ErrorsAsync();
            Assert.Equal("prefork: restart begins", said[^1]);
            Assert.Contains(said, static line => line.Contains("reload to generation 2 succeeded", StringComparison.Ordinal));
            Assert.Equal(0, await queued.WaitForExitAsync());
        }

        var third = await app.CommandAsync("reload", "--queue");
        Assert.Equal((0, "reload to generation 4 succeeded: 1 worker serves\n"), (third.Code, third.Output));
    }

    [Fact]
    public async Task AScaleThatDoesNotComeAbout_EndsWithOne_AndSaysWhy()
    {
        await using var app = new TestApplication();
        var passes = Path.Combine(app.Folder, "passes");
        await File.WriteAllTextAsync(passes, "");
        await app.StartAsync("-w", "1", "--health", $"command:{await GateAsync(app, passes)}", "--health-timeout", "3s");
        File.Delete(passes);
        var (code, _, error) = await app.CommandAsync("scale", "2");
        Assert.Equal(1, code);
        Assert.Contains("prefork: 1 of 2 workers serves: worker 2 (slot 1, generation 1", error, StringComparison.Ordinal);
        Assert.Contains("did not pass its health gate within 3 s", error, StringComparison.Ordinal);
        Assert.Equal(2, (await app.StatusAsync()).GetProperty("cluster").GetProperty("desiredWorkers").GetInt32());
    }

    [Fact]
    public async Task ACanary_ServesItsShareBesideTheOld_ThenTheOthersFollow()
    {
        await using var app = new TestApplication();
        await app.StartAsync();
        var port = await app.PortAsync();
        var reload = app.CommandAsync("reload", "--canary", "8s", "--canary-share", "0.25", "--watch-window", "0");
        await TestApplication.EventuallyAsync(async () => Workers(await app.StatusAsync()).Any(static worker => worker.GetProperty("phase").GetString() == "Canary"));
        var generations = (await Running.AskAsync(port, "/who", 40)).Select(static who => who.Split(' ')[2]).ToList();
        Assert.Equal(10, generations.Count(static generation => generation == "2"));
        Assert.Equal(30, generations.Count(static generation => generation == "1"));
        var result = await reload;
        Assert.Equal(0, result.Code);
        Assert.Contains("serves 25", result.Error, StringComparison.Ordinal);
        Assert.All(await Running.AskAsync(port, "/who", 4), static who => Assert.Equal("2", who.Split(' ')[2]));
    }

    [Fact]
    public async Task AllAtOnce_StartsAllNewWorkers_BeforeOneIsReady()
    {
        await using var app = new TestApplication();
        await app.StartAsync();
        var before = await app.PidsAsync();
        var lines = (await app.CommandAsync("reload", "--mode", "all-at-once")).Error.Split('\n').ToList();
        Assert.InRange(lines.FindIndex(static line => line.Contains("worker 4 ", StringComparison.Ordinal) && line.EndsWith(" started", StringComparison.Ordinal)), 0, lines.FindIndex(static line => line.EndsWith(" serves", StringComparison.Ordinal)));
        await TestApplication.EventuallyAsync(async () => (await app.PidsAsync()).Intersect(before).Count() == 0);
    }

    [Fact]
    public async Task WorkersThatAreKeptWarm_AreTheOnesThatARollbackBrings()
    {
        await using var app = new TestApplication();
        await app.StartAsync("-w", "1", "--keep-warm");
        Assert.Equal(0, (await app.CommandAsync("reload")).Code);
        JsonElement? warm = null;
        await TestApplication.EventuallyAsync(async () => (warm = Workers(await app.StatusAsync()).Where(static worker => worker.GetProperty("phase").GetString() == "Parked" && worker.GetProperty("id").GetInt32() > 2).Cast<JsonElement?>().SingleOrDefault()) is not null);
        Assert.Equal(1, warm!.Value.GetProperty("generation").GetInt32());
        Assert.Equal(0, (await app.CommandAsync("rollback")).Code);
        var serving = Assert.Single(Workers(await app.StatusAsync()), static worker => worker.GetProperty("phase").GetString() == "Serving");
        Assert.Equal(warm.Value.GetProperty("processId").GetInt32(), serving.GetProperty("processId").GetInt32());
    }

    [Fact]
    public async Task AnApplicationThatDoesNotAnswer_IsNamed_AndTheListEndsWithOne()
    {
        await using var app = new TestApplication();
        var pid = await app.StartAsync("-w", "1");
        Native.Kill(pid, Native.SigStop);
        try
        {
            var list = await app.CommandAsync("list", "--json");
            Assert.Equal(1, list.Code);
            Assert.Empty(TestApplication.OwnIn(list.Output));
            Assert.Contains("prefork: shop: the application does not answer within 8 s.\n", list.Error, StringComparison.Ordinal);
        }
        finally
        {
            Native.Kill(pid, Native.SigCont);
        }
    }

    [Fact]
    public async Task ABootThatTakesTooLong_IsOneSentenceAfterTheOther()
    {
        await using var app = new TestApplication();
        var stuck = Path.Combine(app.Folder, "stuck");
        await app.StartAsync("-w", "1", "--boot-timeout", "3s", "-e", $"BEHAVE_WHEN={stuck}");
        await File.WriteAllTextAsync(stuck, "stuck");
        var reload = await app.CommandAsync("reload");
        Assert.Equal(1, reload.Code);
        Assert.DoesNotContain("..", reload.Error, StringComparison.Ordinal);
        Assert.Contains(". Generation 1 serves on.\n", reload.Error, StringComparison.Ordinal);
        Assert.Equal(2, reload.Error.Split(" Generation 1 serves on.").Length);
    }

    /// <summary>A health check that passes while a file is there.</summary>
    private static async Task<string> GateAsync(TestApplication app, string passes)
    {
        var gate = Path.Combine(app.Folder, "gate");
        await File.WriteAllTextAsync(gate, $"#!/bin/sh\ntest -f {passes}\n");
        File.SetUnixFileMode(gate, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return gate;
    }

    private static IEnumerable<JsonElement> Workers(JsonElement application) => application.GetProperty("cluster").GetProperty("workers").EnumerateArray();
}
