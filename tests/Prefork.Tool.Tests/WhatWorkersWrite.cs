using System.Diagnostics;
using System.Text;

namespace Prefork.Tool.Tests;

/// <summary>What a worker writes, and what it says of itself, is data: one event is one line, nothing of it acts on a terminal, and its number has a bound.</summary>
public class WhatWorkersWrite
{
    private const string Forged = "2026-01-01T00:00:00.000+00:00 prefork stopped";

    private const string Script = $$"""
        const server = require('http').createServer((request, response) => response.end());
        const listening = address => new Promise(sent => process.send({ cmd: 'NODE_CLUSTER', act: 'listening', address, addressType: -1, port: -1 }, sent));
        process.stdout.write(Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a]));
        process.stdout.write('\x1b]0;owned\x07\x1b[2J\x1b[31mred\rover \u202egpj\n');
        (async () => {
          await listening('/x\n{{Forged}}\x1b[2J');
          for (let i = 0; i < Number(process.argv[2]); i++) await (i % 100 ? listening(`/${i}`) && null : listening(`/${i}`));
          server.listen(0, '127.0.0.1');
        })();
        """;

    [Fact]
    public async Task InTheLog_OneEventIsOneLine_OfABoundedNumber_AndNothingReachesTheTerminal()
    {
        await using var app = new TestApplication();
        var start = await app.CommandAsync("start", await ScriptAsync(app), "--name", "shop", "-w", "1", "--", "20000");
        Assert.True(start.Code == 0, start.Error);
        Native.Kill((await app.PidsAsync())[0], Native.SigKill);
        await TestApplication.EventuallyAsync(async () => (await app.CommandAsync("describe")).Output.Contains("SIGKILL", StringComparison.Ordinal));
        var describe = (await app.CommandAsync("describe")).Output;
        Assert.Contains(@"\x1b]0;owned\x07\x1b[2J\x1b[31mred\rover \u202egpj", describe, StringComparison.Ordinal);
        Assert.Equal(0, (await app.CommandAsync("stop")).Code);

        var logs = (await app.CommandAsync("logs", "shop", "-n", "100000")).Output;
        Assert.Contains(@" 0/1 \x1b]0;owned\x07\x1b[2J\x1b[31mred\rover \u202egpj", logs, StringComparison.Ordinal);
        Assert.Contains($@" prefork listening on /x\n{Forged}\x1b[2J", logs, StringComparison.Ordinal);
        Assert.DoesNotContain($"\n{Forged}", logs, StringComparison.Ordinal);
        Assert.All([describe, logs], static text => Assert.DoesNotContain(text, static letter => (char.IsControl(letter) && letter != '\n') || letter == '\u202e'));

        // Those that came in at once are in the log; of the others it is said how many they were. What was said before is still there.
        Assert.InRange(logs.Split('\n').Count(static line => line.Contains("listening on", StringComparison.Ordinal)), 2, 60);
        Assert.Matches(@" prefork listening: further lines left out: \d{5} times in \d+ s", logs);
        Assert.Contains(" prefork worker 1 (slot 0, generation 1", logs, StringComparison.Ordinal);

        var json = (await app.CommandAsync("logs", "shop", "--json", "-n", "100000")).Output;
        Assert.DoesNotContain(json, static letter => letter is (< ' ' or > '~') and not '\n');
        Assert.DoesNotContain("\"source\":\"prefork\",\"line\":\"stopped\\u001B", json, StringComparison.Ordinal);

        // The bytes as they came, only where they are asked for.
        var raw = Path.Combine(app.Folder, "raw");
        await app.RunAsync(new ProcessStartInfo("sh", ["-c", $"'{Published.Command}' logs shop --raw -n 100000 >'{raw}'"]));
        var bytes = await File.ReadAllBytesAsync(raw);
        Assert.NotEqual(-1, bytes.AsSpan().IndexOf((byte[])[.. " 0/1 a"u8, 0xff, 0xfe, .. "b\n"u8]));
        Assert.NotEqual(-1, bytes.AsSpan().IndexOf("\x1b]0;owned\a\x1b[2J\x1b[31mred\rover \u202egpj\n"u8));
    }

    [Fact]
    public async Task InTheForeground_ATerminalGetsColours_AndNothingElseThatItActsOn_AFileGetsTheBytes()
    {
        await using var app = new TestApplication();
        var script = await ScriptAsync(app);
        await using (var terminal = Terminal.Run($"exec {Published.Command} run {script} -w 1 -- 0", app.Environment))
        {
            var line = await terminal.ExpectAsync(static line => line.Contains("owned", StringComparison.Ordinal), "the worker's line");
            Assert.Contains("\\x1b]0;owned\\x07\\x1b[2J\x1b[31mred\\rover \\u202egpj\x1b[0m", line, StringComparison.Ordinal);
            terminal.Signal(Native.SigKill);
        }

        var file = Path.Combine(app.Folder, "output");
        await using var run = new TestProgram("sh", ["-c", $"exec '{Published.Command}' run '{script}' -w 1 -- 0 >'{file}'"], app.Environment);
        await run.ExpectErrorAsync("prefork: ", " serves");
        run.Signal(Native.SigTerm);
        Assert.Equal(0, await run.WaitForExitAsync());
        Assert.Equal((byte[])[.. "a"u8, 0xff, 0xfe, .. "b\n\x1b]0;owned\a\x1b[2J\x1b[31mred\rover \u202egpj\n"u8], await File.ReadAllBytesAsync(file));
    }

    /// <summary>A pipe takes a long line in several writes, in which the other stream's threads would come.</summary>
    [Fact]
    public async Task WhereBothStreamsAreOnePipe_NoLineIsWithinAnother()
    {
        await using var app = new TestApplication();
        var script = Path.Combine(app.Folder, "long.js");
        await File.WriteAllTextAsync(script, """
            const write = (stream, letter) => { for (let i = 0; i < 10; i++) stream.write(letter.repeat(300_000) + '\n'); };
            write(process.stdout, 'o');
            write(process.stderr, 'e');
            process.stdout.write('', () => process.stderr.write('', () => require('http').createServer().listen(0, '127.0.0.1')));
            """);
        var file = Path.Combine(app.Folder, "output");
        await using var run = new TestProgram("sh", ["-c", "file=$1; shift; \"$@\" 2>&1 | cat >\"$file\"", "sh", file, Published.Command, "run", script, "-w", "2", "--name", "shop"], app.Environment);
        await TestApplication.EventuallyAsync(async () => (await app.CommandAsync("describe", "shop")).Output.Contains(" Healthy ", StringComparison.Ordinal));
        Assert.Equal(0, (await app.CommandAsync("stop", "shop")).Code);
        Assert.Equal(0, await run.WaitForExitAsync());
        var lines = File.ReadLines(file).Where(static line => line.Length > 1000).ToList();
        Assert.All(lines, static line => Assert.True(line.Length == 300_000 && line.AsSpan().IndexOfAnyExcept(line[0]) < 0, $"{line.Length} letters of {line[0]}, then {line[Math.Max(0, line.AsSpan().IndexOfAnyExcept(line[0]))]}"));
        Assert.Equal((20, 20), (lines.Count(static line => line[0] == 'o'), lines.Count(static line => line[0] == 'e')));
    }

    private static async Task<string> ScriptAsync(TestApplication app)
    {
        var file = Path.Combine(app.Folder, "hostile.js");
        await File.WriteAllTextAsync(file, Script, new UTF8Encoding(false));
        return file;
    }
}
