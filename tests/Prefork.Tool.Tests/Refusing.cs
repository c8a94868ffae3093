namespace Prefork.Tool.Tests;

/// <summary>What cannot work is said before anything starts, in a line with the remedy, and with an exit code.</summary>
public class Refusing
{
    [Fact]
    public async Task ATrimmedApplication_IsRefused()
        => await RefusesAsync(await Published.AsAsync("trimmed", "-p:PublishTrimmed=true", "--self-contained"), "startup hooks switched off");

    [Fact]
    public async Task ATrimmedSingleFile_IsRefused()
        => await RefusesAsync(await Published.AsAsync("trimmed-single", "-p:PublishTrimmed=true", "-p:PublishSingleFile=true", "--self-contained"), "startup hooks switched off");

    [Fact]
    public async Task AnApplicationAheadOfTime_WithoutTheLine_IsRefused()
        => await RefusesAsync(await Published.AsAsync("aot", "-p:PublishAot=true"), "compiled ahead of time");

    [Fact]
    public async Task AFileThatIsNotThere_IsRefused() => await RefusesAsync("/nowhere/App.dll", "There is no file /nowhere/App.dll");

    [Fact]
    public async Task ALibrary_IsRefused() => await RefusesAsync(Path.Combine(Path.GetDirectoryName(Published.WebApp)!, "Prefork.dll"), "is a library");

    [Fact]
    public async Task AFolder_IsRefused() => await RefusesAsync(Path.GetTempPath(), "is a folder");

    [Fact]
    public async Task Source_IsRefused()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("prefork-test-").FullName, "App.csproj");
        await File.WriteAllTextAsync(file, "");
        await RefusesAsync(file, "Publish it");
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Theory]
    [InlineData("app", "#!/bin/sh\n", false, "chmod +x")]
    [InlineData("app", "", true, "is empty")]
    [InlineData("app", "echo hello\n", true, "is neither an executable (ELF) nor a script")]
    [InlineData("app.py", "print()\n", false, "is neither an executable (ELF) nor a script")]
    [InlineData("app.exe", "MZ\u0090\u0000 and more", true, "is a program for Windows")]
    [InlineData("app", "#!\n", true, "names no interpreter")]
    [InlineData("app", "#!/bin/sh\r\necho\r\n", true, "has Windows line ends")]
    [InlineData("app", "#!/no/such/interpreter -x\n", true, "is a script for /no/such/interpreter (its first line), which is not there")]
    [InlineData("app", "#!/usr/bin/env -S NAME=x no-such-command\n", true, "there is no 'no-such-command' in PATH")]
    [InlineData("app.dll", "no assembly", false, "is no .NET assembly")]
    public async Task AFileThatNobodyCanRun_IsRefused(string name, string content, bool isExecutable, string why)
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, name);
        await File.WriteAllTextAsync(file, content);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | (isExecutable ? UnixFileMode.UserExecute : 0));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "app.runtimeconfig.json"), """{"runtimeOptions":{}}""");
        await RefusesAsync(file, why);
    }

    [Theory]
    [InlineData(16, 1, "is no program, but an object file")]
    [InlineData(18, 8, "is built for another machine")]
    public async Task AnExecutableOfAnotherKind_IsRefused(int offset, byte value, string why)
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "app");
        var image = await File.ReadAllBytesAsync(Published.AppHost);
        image[offset] = value;
        await File.WriteAllBytesAsync(file, image);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await RefusesAsync(file, why);
    }

    [Theory]
    [InlineData("v20.20.2 undefined", null, "is TypeScript, which Node v20.20.2")]
    [InlineData("v20.20.2 undefined", "--import=tsx", "does not listen")]
    [InlineData("", null, "there is no 'node' in PATH")]
    public async Task TypeScript_IsRefused_WhereNodeCannotRunIt(string answer, string? options, string why)
    {
        using var folder = new TemporaryFolder();
        var (script, node) = (Path.Combine(folder.Path, "app.ts"), Path.Combine(folder.Path, "node"));
        await File.WriteAllTextAsync(script, "");
        if (answer.Length > 0)
        {
            await File.WriteAllTextAsync(node, $"#!/bin/sh\n[ \"$1\" = -p ] && echo '{answer}' || echo 'it does not listen' >&2\n");
            File.SetUnixFileMode(node, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        await using var run = Running.Run([script, "-w", "1"], new Dictionary<string, string?> { ["PATH"] = folder.Path, ["NODE_OPTIONS"] = options });
        await run.ExpectErrorAsync("", why);
        Assert.Equal(options is null ? 2 : 1, await run.WaitForExitAsync());
    }

    [Theory]
    [InlineData("setInterval(() => {}, 1000)", "listening", "A worker without a port is started with --ready online or --ready message")]
    [InlineData("setInterval(() => {}, 1000)", "message", "it must call process.send('ready')")]
    [InlineData("require('net').createServer().listen({ port: 0, host: '127.0.0.1', exclusive: true })", "listening", "by itself instead of in the cluster: listen() was called with exclusive")]
    public async Task ANodeWorkerThatIsNotReady_IsToldOf_AsWhatItIs(string program, string ready, string why)
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(folder.Path, "app.js");
        await File.WriteAllTextAsync(script, program);
        await using var run = Running.Run([script, "-w", "1", "--boot-timeout", "3", "--ready", ready]);
        Assert.DoesNotContain("Kestrel", await run.ExpectErrorAsync("prefork: worker 1", why), StringComparison.Ordinal);
        Assert.Equal(1, await run.WaitForExitAsync());
    }

    [Theory]
    [InlineData("-w", "0")]
    [InlineData("-w", "many")]
    [InlineData("--scheduling", "random")]
    [InlineData("--ready", "soon")]
    [InlineData("--max-line", "10")]
    [InlineData("--boot-timeout", "-1")]
    [InlineData("--env", "NOVALUE")]
    [InlineData("--cwd", "/nowhere")]
    [InlineData("--no-such-option", "1")]
    [InlineData("--name", "two words")]
    [InlineData("--health", "ftp://x")]
    [InlineData("--stop-timeout", "25d")]
    [InlineData("--max-memory", "0")]
    [InlineData("--max-requests", "0")]
    [InlineData("--memory", "vss")]
    [InlineData("--recycle-at", "60 * * * *")]
    [InlineData("--recycle-at", "0 0 30 2 *")]
    [InlineData("--stop-exit-codes", "1,256")]
    [InlineData("--hang-timeout", "soon")]
    [InlineData("--on-hang", "")]
    [InlineData("--config", "/nowhere/prefork.json")]
    public async Task ABadArgument_IsRefused(string option, string value)
    {
        await using var run = Running.Run([Published.Assembly, option, value]);
        Assert.Equal(2, await run.WaitForExitAsync());
        Assert.StartsWith("prefork: ", (await run.ErrorsAsync())[0]);
    }

    [Theory]
    [InlineData("--canary", "60d")]
    [InlineData("--watch-window", "25d")]
    [InlineData("--watch-window", "soon")]
    public async Task ATimeThatNoReloadTakes_IsRefused(string option, string value)
    {
        await using var app = new TestApplication();
        var (code, _, error) = await app.CommandAsync("reload", option, value);
        Assert.Equal(2, code);
        Assert.Contains($"{option}: '{value}' is no time up to 24 days: give a number of seconds", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ulimit -n 40; exec \"$@\"", 2, "prefork: only 40 files may be open at once (ulimit -n), and it needs 128, for workers more. Raise the limit.\n", "list")]
    [InlineData("ulimit -n 30; exec \"$@\"", 2, "prefork: only 30 files may be open at once (ulimit -n), and it needs 128, for workers more. Raise the limit.\n", "run", "App.dll")]
    [InlineData("exec \"$@\" <&-", 0, "", "list")]
    [InlineData("exec \"$@\" >&-", 1, "prefork: standard output cannot be written: Bad file descriptor. What it would have said is lost.\n", "list")]
    [InlineData("exec \"$@\" <&- >&-", 3, "prefork: shop has no log: it was never started in the background ('prefork start').\n", "logs", "shop")]
    [InlineData("mkdir gone; cd gone; rmdir ../gone; exec \"$@\"", 0, "", "list")]
    [InlineData("mkdir gone; cd gone; rmdir ../gone; exec \"$@\"", 2, "prefork: program: 'App.dll' is relative to the current folder, which is not there any more: give a full path, or change to another folder (cd).\n", "start", "App.dll")]
    public async Task AnEnvironmentOfTheStrangeKind_IsSaidInALine(string shell, int code, string error, params string[] command)
    {
        await using var app = new TestApplication();
        var result = await app.RunAsync(new System.Diagnostics.ProcessStartInfo("sh", ["-c", shell, "sh", Published.Command, .. command]));
        Assert.Equal((code, error), (result.Code, result.Error));
    }

    [Fact]
    public async Task AProgramThatEndsAtOnce_IsGivenUp()
    {
        await using var run = Running.Run([Published.Assembly, "-w", "2", "--", "no-such-builder", "http://127.0.0.1:0"]);
        await run.ExpectErrorAsync("no such builder");
        await run.ExpectErrorAsync("prefork: Gives up: 5 workers");
        Assert.Equal(1, await run.WaitForExitAsync());
    }

    [Theory]
    [InlineData("service", "was not ready within 2 s: it is online, but does not listen")]
    [InlineData("own-socket", "by itself instead of in the cluster")]
    public async Task AnApplicationThatNeverListensInTheCluster_IsSaidSo(string kind, string what)
    {
        var port = 20000 + Random.Shared.Next(10000);
        await using var run = Running.Run([Published.Assembly, "-w", "1", "--boot-timeout", "2", "--", kind, $"http://127.0.0.1:{port}"]);
        await run.ExpectErrorAsync("prefork: worker 1", what);
        Assert.Equal(1, await run.WaitForExitAsync());
    }

    private static async Task RefusesAsync(string program, string why)
    {
        await using var run = Running.Run([program, "-w", "2", "--", "slim", "http://127.0.0.1:0"]);
        Assert.Equal(2, await run.WaitForExitAsync());
        var line = Assert.Single(await run.ErrorsAsync());
        Assert.StartsWith("prefork: ", line);
        Assert.Contains(why, line, StringComparison.Ordinal);
    }
}
