using System.Diagnostics;

namespace Prefork.Tool.Tests;

/// <summary>A configuration file says what runs; a reload reads it afresh, and one that is bad changes nothing.</summary>
public class Configuring
{
    [Fact]
    public async Task AFile_SaysWhatRuns_AndAReloadReadsItAfresh_AndARollbackGoesBack()
    {
        await using var app = new TestApplication();
        Directory.CreateDirectory(Path.Combine(app.Folder, "first"));
        Directory.CreateDirectory(Path.Combine(app.Folder, "second"));
        Directory.CreateSymbolicLink(Path.Combine(app.Folder, "current"), Path.GetDirectoryName(Published.Assembly)!);
        await app.WriteAsync("""
            {
              // Relative to this file.
              "program": "current/UnmodifiedApp.dll",
              "arguments": ["slim", "http://127.0.0.1:0", "one"],
              "workers": 1, "name": "shop", "cwd": "first", "watchWindow": 0, "stopTimeout": "10s",
              "env": { "COLOUR": "red", "NUMBER": 5, "XDG_STATE_HOME": null, },
            }
            """);
        await app.SucceedAsync("start");
        var port = await app.PortAsync();
        Assert.Equal(("slim http://127.0.0.1:0 one", "red", "5", "none", "first"), await AskAsync(port));
        Assert.Contains($"{app.ConfigurationFile}, which is what runs", (await app.CommandAsync("describe")).Output, StringComparison.Ordinal);

        await app.WriteAsync("""
            {
              "program": "current/UnmodifiedApp.dll", "arguments": ["slim", "http://127.0.0.1:0", "two", "three"],
              "workers": 2, "name": "store", "cwd": "second", "watchWindow": 0, "scheduling": "least", "env": { "COLOUR": "blue", "XDG_STATE_HOME": "/nowhere" }
            }
            """);
        Assert.Matches(@"which has changed; a reload would bring\n.*arguments: \[slim, http://127.0.0.1:0, one\] → \[slim, http://127.0.0.1:0, two, three\]", (await app.CommandAsync("describe")).Output);
        var reload = await app.CommandAsync("reload");
        Assert.Equal((0, "reload to generation 2 succeeded: 2 workers serve\n"), (reload.Code, reload.Output));
        foreach (var change in new[] { "workers: 1 → 2", "stopTimeout: 10s → default", "env: COLOUR, NUMBER, XDG_STATE_HOME", "name: shop → store (needs stop and start)", "scheduling: default → least (needs stop and start)" })
        {
            Assert.Contains($"prefork: {app.ConfigurationFile}: {change}\n", reload.Error, StringComparison.Ordinal);
        }

        Assert.Equal(("slim http://127.0.0.1:0 two three", "blue", "none", "/nowhere", "second"), await AskAsync(port));
        Assert.Equal((0, "rollback to generation 1 succeeded: 1 worker serves\n"), ((await app.CommandAsync("rollback")) is var (code, output, _) ? (code, output) : default));
        Assert.Equal(("slim http://127.0.0.1:0 one", "red", "5", "none", "first"), await AskAsync(port));

        // As it is, whatever the file says.
        await app.SucceedAsync("restart");
        Assert.Equal(("slim http://127.0.0.1:0 one", "red", "5", "none", "first"), await AskAsync(port));
        Assert.Single(await ServingAsync(app));
    }

    [Fact]
    public async Task ABadFile_RefusesTheReload_AndChangesNothing()
    {
        await using var app = new TestApplication();
        await app.WriteAsync(Good("red"));
        await app.SucceedAsync("start");
        var before = await app.PidsAsync();
        foreach (var (json, what) in new[]
        {
            ("{ \"program\": \"x\",\n \"workers\": 0 }", ":2: workers: '0' is no number of workers"),
            ("{ \"program\": ", ":1: program: this is no JSON"),
            ("{ \"program\": \"/nowhere/App.dll\" }", ":1: program: There is no file /nowhere/App.dll"),
            ("{ \"program\": \"" + Published.Assembly + "\", \"cwd\": \"/nowhere\" }", ":1: cwd: There is no folder /nowhere"),
        })
        {
            await app.WriteAsync(json);
            var reload = await app.CommandAsync("reload");
            Assert.Equal(2, reload.Code);
            Assert.Contains(what, reload.Error, StringComparison.Ordinal);
            Assert.Contains("Generation 1 serves on.", reload.Error, StringComparison.Ordinal);
        }

        File.Delete(app.ConfigurationFile);
        Assert.Contains("There is no configuration file", (await app.CommandAsync("reload")).Error, StringComparison.Ordinal);
        Assert.Contains("which a reload would refuse: There is no configuration file", (await app.CommandAsync("describe")).Output, StringComparison.Ordinal);
        Assert.Equal(before, await app.PidsAsync());
        await app.SucceedAsync("restart");
    }

    [Fact]
    public async Task AConfigurationThatDoesNotWork_IsForgotten_AlsoForWorkersThatAreStartedLater()
    {
        await using var app = new TestApplication();
        await app.WriteAsync(Good("red"));
        await app.SucceedAsync("start");
        var port = await app.PortAsync();
        await app.WriteAsync(Good("blue").Replace("slim", "no-such-builder", StringComparison.Ordinal));
        var reload = await app.CommandAsync("reload");
        Assert.Equal(1, reload.Code);
        Assert.Contains("  | no such builder", reload.Error, StringComparison.Ordinal);
        var old = Assert.Single(await app.PidsAsync());
        Native.Kill(old, Native.SigKill);
        Assert.NotEqual($"{old}", Assert.Single(await Running.WorkersAsync(port, 1, without: $"{old}")));
        Assert.Equal("red", (await Running.AskAsync(port, "/variable?name=COLOUR", 1))[0]);
        await app.WriteAsync(Good("green"));
        await app.SucceedAsync("reload");
        Assert.Equal("green", (await Running.AskAsync(port, "/variable?name=COLOUR", 1))[0]);
    }

    [Fact]
    public async Task WhatWasScaled_Stays_TillTheFileSaysAnotherNumber()
    {
        await using var app = new TestApplication();
        await app.WriteAsync(Good("red"));
        await app.SucceedAsync("start");
        await app.SucceedAsync("scale", "2");
        await app.WriteAsync(Good("blue"));
        Assert.Equal("reload to generation 2 succeeded: 2 workers serve\n", (await app.CommandAsync("reload")).Output);
        await app.WriteAsync(Good("blue").Replace("\"workers\": 1", "\"workers\": 3", StringComparison.Ordinal));
        Assert.Equal("reload to generation 3 succeeded: 3 workers serve\n", (await app.CommandAsync("reload")).Output);
    }

    [Fact]
    public async Task OneMore_BehindAReloadThatChangesTheNumber_IsOneMoreThanThat()
    {
        await using var app = new TestApplication();
        await app.WriteAsync(Good("red"));
        await app.SucceedAsync("start");
        await app.WriteAsync(Good("blue").Replace("\"workers\": 1", "\"workers\": 3", StringComparison.Ordinal));
        var reload = app.CommandAsync("reload", "--watch-window", "5s");
        await TestApplication.EventuallyAsync(async () => (await app.StatusAsync()).GetProperty("cluster").TryGetProperty("operation", out var operation) && operation.GetString() == "reload");
        Assert.Equal("4 workers serve\n", (await app.CommandAsync("scale", "+1")).Output);
        Assert.Equal("reload to generation 2 succeeded: 3 workers serve\n", (await reload).Output);
    }

    [Fact]
    public async Task TheCommandLine_GoesBeforeTheFile_AlsoInAReload()
    {
        await using var app = new TestApplication();
        await app.WriteAsync(Good("red"));
        await app.SucceedAsync("start", "--config", "prefork.json", "-w", "2", "-e", "COLOUR=black", "--", "slim", "http://127.0.0.1:0", "x");
        var port = await app.PortAsync();
        await app.WriteAsync(Good("blue"));
        await app.SucceedAsync("reload");
        Assert.Equal("slim http://127.0.0.1:0 x", (await Running.AskAsync(port, "/arguments", 1))[0]);
        Assert.Equal("black", (await Running.AskAsync(port, "/variable?name=COLOUR", 1))[0]);
        Assert.Equal(2, (await ServingAsync(app)).Count);
    }

    [Fact]
    public async Task SigHup_ReadsTheFile()
    {
        await using var app = new TestApplication();
        await app.WriteAsync(Good("red"));
        await using var run = Running.Run(["-c", app.ConfigurationFile]);
        var port = await Running.PortAsync(run);
        Assert.Equal("red", (await Running.AskAsync(port, "/variable?name=COLOUR", 1))[0]);
        await app.WriteAsync(Good("blue"));
        run.Signal(Native.SigHup);
        await run.ExpectErrorAsync("prefork: reload to generation 2 succeeded");
        Assert.Equal("blue", (await Running.AskAsync(port, "/variable?name=COLOUR", 1))[0]);
        await app.WriteAsync("{ \"colour\": 1 }");
        run.Signal(Native.SigHup);
        await run.ExpectErrorAsync($"prefork: reload failed: {app.ConfigurationFile}:1: colour: there is no such key.");
    }

    [Theory]
    [InlineData("", ":1: the file is empty")]
    [InlineData("[]", ":1: there must be an object")]
    [InlineData("{\n \"program\": \"x\"", ":2: this is no JSON")]
    [InlineData("{} {}", ":1: this is no JSON")]
    [InlineData("{\n \"worker\": 1\n}", ":2: worker: there is no such key. Is it workers?")]
    [InlineData("{ \"boot-timeout\": 1 }", ":1: boot-timeout: there is no such key. Is it bootTimeout?")]
    [InlineData("{ \"velocity\": 1 }", ":1: velocity: there is no such key. There are program, arguments, ")]
    [InlineData("{ \"workers\": 1, \"workers\": 1 }", ":1: workers: is there twice.")]
    [InlineData("{ \"program\": 1 }", ":1: program: must be a string, not a number.")]
    [InlineData("{ \"program\": \"\" }", ":1: program: is empty")]
    [InlineData("{ \"workers\": true }", ":1: workers: must be a string or a number, not true.")]
    [InlineData("{ \"workers\": \"many\" }", ":1: workers: 'many' is no number of workers: give 1 to 1024")]
    [InlineData("{ \"workers\": 1.5 }", ":1: workers: '1.5' is no number of workers")]
    [InlineData("{ \"arguments\": \"--urls\" }", ":1: arguments: must be an array, not a string.")]
    [InlineData("{ \"arguments\": [\n \"a\",\n null ] }", ":3: arguments: must be an array of strings or numbers, without null in it.")]
    [InlineData("{ \"arguments\": [\"a\\u0000b\"] }", ":1: arguments: has a NUL character in it")]
    [InlineData("{ \"env\": [] }", ":1: env: must be an object of names and values, not an array.")]
    [InlineData("{ \"env\": { \"A=B\": \"\" } }", ":1: env: 'A=B' cannot be a variable's name")]
    [InlineData("{ \"env\": { \"A\": [] } }", ":1: env: the value of A must be a string, or null")]
    [InlineData("{ \"name\": \"..\" }", ":1: name: '..' cannot be a name")]
    [InlineData("{ \"scheduling\": \"fair\" }", ":1: scheduling: 'fair' is no scheduling policy: give 'rr', 'shared' or 'least'.")]
    [InlineData("{ \"bootTimeout\": 0 }", ":1: bootTimeout: '0' is no time above zero")]
    [InlineData("{ \"health\": \"ftp:\" }", ":1: health: 'ftp:' is no health gate")]
    [InlineData("{ \"maxMemory\": \"much\" }", ":1: maxMemory: 'much' is no amount of memory")]
    [InlineData("{ \"keepWarm\": \"yes\" }", ":1: keepWarm: must be true or false, not a string.")]
    [InlineData("{ \"recycleAt\": [\n \"0 4 * * *\",\n \"99 * * * *\"\n ] }", ":3: recycleAt: '99 * * * *' is no cron expression")]
    [InlineData("{ \"stopExitCodes\": [-1] }", ":1: stopExitCodes: '-1' is no exit code")]
    [InlineData("{ \"workers\": 1 }", ":1: program: it is missing.")]
    public async Task ABadFile_IsOneLine_AndNothingStarts(string json, string what)
    {
        await using var app = new TestApplication();
        await app.WriteAsync(json);
        foreach (var command in new[] { "run", "start" })
        {
            var result = await app.CommandAsync(command, "--config", "prefork.json");
            Assert.Equal(2, result.Code);
            Assert.StartsWith($"prefork: {app.ConfigurationFile}{what}", result.Error, StringComparison.Ordinal);
            Assert.Single(result.Error.TrimEnd('\n').Split('\n'));
        }
    }

    [Fact]
    public async Task AFileThatCannotBeRead_IsSaidSo()
    {
        await using var app = new TestApplication();
        await SaysAsync("no program is named, and there is no prefork.json in this folder", "run");
        await SaysAsync($"There is no configuration file {app.ConfigurationFile}", "run", "-c", "prefork.json");
        await SaysAsync("is a folder", "run", "-c", ".");
        await SaysAsync("is no ordinary file", "run", "-c", "/dev/zero");
        await app.WriteAsync(new string(' ', 2 * 1024 * 1024));
        await SaysAsync("is no configuration file: it has 2097152 bytes", "run", "-c", "prefork.json");

        async Task SaysAsync(string what, params string[] arguments)
        {
            var result = await app.CommandAsync(arguments);
            Assert.Equal(2, result.Code);
            Assert.Contains(what, result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AFileThatMayNotBeRead_IsSaidSo()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root can be another user.");
        await using var app = new TestApplication();
        await app.WriteAsync("{}");
        File.SetUnixFileMode(app.Folder, (UnixFileMode)0b111_111_111);
        File.SetUnixFileMode(app.ConfigurationFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var result = await app.RunAsync(new ProcessStartInfo("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", Published.Command, "run", "-c", app.ConfigurationFile]));
        Assert.Equal(2, result.Code);
        Assert.StartsWith($"prefork: {app.ConfigurationFile} may not be read by ", result.Error, StringComparison.Ordinal);
    }

    private static string Good(string colour)
        => $$"""{ "program": "{{Published.Assembly}}", "arguments": ["slim", "http://127.0.0.1:0"], "workers": 1, "name": "shop", "watchWindow": 0, "env": { "COLOUR": "{{colour}}" } }""";

    private static async Task<(string Arguments, string Colour, string Number, string State, string Folder)> AskAsync(int port)
    {
        async Task<string> OneAsync(string path) => (await Running.AskAsync(port, path, 1))[0];
        return (await OneAsync("/arguments"), await OneAsync("/variable?name=COLOUR"), await OneAsync("/variable?name=NUMBER"), await OneAsync("/variable?name=XDG_STATE_HOME"), Path.GetFileName(await OneAsync("/folder")));
    }

    private static async Task<List<int>> ServingAsync(TestApplication app)
        => [.. (await app.StatusAsync()).GetProperty("cluster").GetProperty("workers").EnumerateArray()
            .Where(static worker => worker.GetProperty("phase").GetString() == "Serving").Select(static worker => worker.GetProperty("processId").GetInt32())];
}
