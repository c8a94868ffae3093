using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Prefork.Tool.Tests;

/// <summary>
/// A hostile program, whose file's name, addresses, errors, waits and lines have in them what a terminal acts on, under every command that shows something of it:
/// nothing of it acts on a terminal, and none of it looks like a line of prefork's.
/// </summary>
public partial class WhatTerminalsGet
{
    private const string FileName = "bad\nprefork: forged\x1b[2J\u202e.js";

    /// <summary>The first worker ends by an error when it is asked; with "throws" all do at once.</summary>
    private const string Script = """
        const evil = 'x\n2026-01-01T00:00:00.000+00:00 prefork forged\nprefork: forged\r\x1b]0;owned\x07\x1b[2J\x1b[5m\x9b2J\x85\u2028\u2066\u202e\u200bgpj';
        const send = message => new Promise(sent => process.send(message, sent));
        const prefork = (act, more) => send({ cmd: 'NODE_PREFORK', act, ...more });
        (async () => {
          for (const stream of [process.stdout, process.stderr]) {
            stream.write(Buffer.concat([Buffer.from([0x61, 0xff, 0xfe, 0x9b, 0x32, 0x4a]), Buffer.from(evil.replaceAll('\n', '')), Buffer.from('\n')]));
          }
          await prefork('expectready', { body: evil });
          if (process.argv[2] === 'throws') throw new Error(evil);
          for (const stream of [process.stdout, process.stderr]) stream.write('y'.repeat(1 << 20) + '\x1b[2J\r\n');
          const dir = process.cwd();
          await new Promise(listens => require('net').createServer().listen(`${dir}/s\nprefork: forged\r\x1b[2J\u202e`, listens));
          require('net').createServer().on('error', () => {}).listen('/nowhere/' + evil.slice(0, 60));
          await send({ cmd: 'NODE_CLUSTER', act: 'listening', address: '/' + evil, addressType: -1, port: -1 });
          const server = require('http').createServer(() => { throw new Error(evil); });
          server.listen(0, '127.0.0.1', () => prefork('ready', {}));
          await prefork('offence', { error: evil });
        })();
        """;

    [Fact]
    public async Task InTheBackground_NoCommandShowsWhatATerminalActsOn()
    {
        await using var app = new TestApplication();
        var start = await OnPipeAsync(app, "start", await ProgramAsync(app), "--name", "shop", "-w", "1");
        Assert.Contains(@"bad\nprefork: forged\x1b[2J\u202e.js", start, StringComparison.Ordinal);
        var list = await OnPipeAsync(app, "list");
        await CrashAsync(app);
        var (describe, top, logs) = (await OnPipeAsync(app, "describe"), await OnPipeAsync(app, "top", "shop"), await OnPipeAsync(app, "logs", "shop", "-n", "100000"));

        // Each of the ways in is seen, spelled out.
        Assert.Contains(@"/s\nprefork: forged\r\x1b[2J\u202e", list, StringComparison.Ordinal);
        Assert.Contains(@" prefork listening on /x\n2026-01-01T00:00:00.000+00:00 prefork forged\nprefork: forged\r\x1b]0;owned\x07", logs, StringComparison.Ordinal);
        Assert.Matches(@"\n    \| Error: x\n    \| 2026-01-01", describe);
        Assert.StartsWith("NAME", top, StringComparison.Ordinal);
        Assert.Matches(@" prefork worker \d+ could not listen on /nowhere/x\\n2026", logs);
        Assert.Matches(@" prefork .*Worker 1 has closed its channel: x\\n2026", logs);
        Assert.Contains(" 0/1 a\ufffd\ufffd\ufffd2J", logs, StringComparison.Ordinal);
        Assert.All(logs.TrimEnd('\n').Split('\n'), static line => Assert.Matches(@"^\d{4}-\d\d-\d\dT[^ ]+ (prefork|\d+/\d+(:err)?) ", line));
        foreach (string[] command in new[] { ["list", "--json"], ["describe", "shop", "--json"], new[] { "logs", "shop", "--json", "-n", "100000" } })
        {
            var json = await OnPipeAsync(app, command);
            Assert.DoesNotContain(json, static letter => letter is (< ' ' or > '~') and not '\n');
            Assert.All(json.TrimEnd('\n').Split('\n'), static line => Assert.True(line[0] is '{' or '[', line));
        }

        foreach (string[] command in new[] { ["list"], ["describe", "shop"], ["logs", "shop", "-n", "100000"], ["stop", "shop"], new[] { "list", "--all" } })
        {
            await OnTerminalAsync(app, command);
        }
    }

    [Fact]
    public async Task TopOnATerminal_ShowsNothingThatItActsOn()
    {
        await using var app = new TestApplication();
        await OnPipeAsync(app, "start", await ProgramAsync(app), "--name", "shop", "-w", "1");
        await using var top = Terminal.Run($"exec {Published.Command} top", app.Environment);
        await top.ExpectAsync(static line => line.StartsWith("total: ", StringComparison.Ordinal), "totals");
        await top.TellAsync("q");
        Assert.Equal(0, await top.WaitForExitAsync());
        CheckTerminal(string.Join('\n', top.Seen));
    }

    [Fact]
    public async Task AStartThatFails_ShowsNothingThatATerminalActsOn()
    {
        await using var app = new TestApplication();
        string[] command = ["start", await ProgramAsync(app), "--name", "shop", "-w", "1", "--", "throws"];
        Assert.Contains(@"  | Error: x", await OnPipeAsync(app, command), StringComparison.Ordinal);
        await OnTerminalAsync(app, command);
        Assert.DoesNotContain(await OnPipeAsync(app, ["start", "--json", .. command[1..]]), static letter => letter is '\x1b' or '\u202e' or '\u009b');
    }

    [Fact]
    public async Task InTheForeground_ATerminalGetsNothingThatItActsOn_ButColours()
    {
        await using var app = new TestApplication();
        var said = await OnTerminalAsync(app, ["run", await ProgramAsync(app), "-w", "1", "--", "throws"], colors: true);
        Assert.Contains(@"\x1b]0;owned\x07\x1b[2J", said, StringComparison.Ordinal);
        Assert.Matches("prefork: .*5 workers ended before any served", said);
        var json = await OnPipeAsync(app, "run", Path.Combine(app.Folder, FileName), "--json", "-w", "1", "--", "throws");
        Assert.DoesNotContain(json, static letter => letter is '\x1b' or '\u202e' or '\u009b');
    }

    /// <summary>Standard output and standard error as another program gets them: strictly UTF-8, and nothing in it but letters, line ends, and the tabs of a worker's line.</summary>
    private static async Task<string> OnPipeAsync(TestApplication app, params string[] command)
    {
        var text = await CaptureAsync(app, "\"$@\" >\"$OUTPUT\" 2>&1", command);
        Check(text, isTerminal: false);
        CheckForged(text);
        return text;
    }

    /// <summary>What a terminal gets, without the sequences that the command has for one itself.</summary>
    private static async Task<string> OnTerminalAsync(TestApplication app, string[] command, bool colors = false)
    {
        // The words go by a file: script(1) has a shell in between.
        await File.WriteAllTextAsync(Path.Combine(app.Folder, "words"), string.Join('\0', [Published.Command, .. command]));
        var text = await CaptureAsync(app, "script -qefc 'exec xargs -0 -a words env' /dev/null >\"$OUTPUT\" </dev/null", []);
        CheckTerminal(text, colors);
        return text;
    }

    private static void CheckTerminal(string text, bool colors = false)
    {
        // Never ours: a worker's colours pass in the foreground only.
        Assert.True(colors || !text.Contains("\x1b[5m", StringComparison.Ordinal), text);
        Check(OwnSequences().Replace(text, "").Replace("\r\n", "\n", StringComparison.Ordinal).Replace("\r", "", StringComparison.Ordinal), isTerminal: true);
        if (!colors)
        {
            CheckForged(text);
        }
    }

    private static void Check(string text, bool isTerminal)
    {
        var wrong = text.Select(static (letter, index) => (letter, index)).FirstOrDefault(static one => one.letter is (< ' ' and not ('\n' or '\t')) or (>= '\x7f' and <= '\x9f') or (>= '\u200b' and <= '\u200f') or (>= '\u2028' and <= '\u202e') or (>= '\u2066' and <= '\u2069'));
        Assert.True(wrong == default, $"\\x{(int)wrong.letter:x} in {(isTerminal ? "a terminal" : "a pipe")}: {text[Math.Max(0, wrong.index - 100)..Math.Min(text.Length, wrong.index + 100)]}");
    }

    /// <summary>In the foreground a worker's lines are its own, whatever they look like.</summary>
    private static void CheckForged(string text)
    {
        Assert.DoesNotContain("\nprefork: forged", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\n2026-01-01T00:00:00.000+00:00 prefork forged", text, StringComparison.Ordinal);
    }

    private static async Task<string> CaptureAsync(TestApplication app, string shell, string[] command)
    {
        var file = Path.Combine(app.Folder, "output");
        await app.RunAsync(new ProcessStartInfo("sh", ["-c", shell, "sh", Published.Command, .. command]), ("OUTPUT", file), ("SHELL", "/bin/sh"), ("TERM", "xterm-256color"), ("NO_COLOR", null), ("CI", null));
        return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(await File.ReadAllBytesAsync(file));
    }

    private static async Task<string> ProgramAsync(TestApplication app)
    {
        var file = Path.Combine(app.Folder, FileName);
        await File.WriteAllTextAsync(file, Script, new UTF8Encoding(false));
        return file;
    }

    private static async Task CrashAsync(TestApplication app)
    {
        string? address = null;
        await TestApplication.EventuallyAsync(async () => (address = (await app.StatusAsync()).GetProperty("addresses").EnumerateArray().Select(static one => one.GetString()).FirstOrDefault(static one => one!.StartsWith("127.", StringComparison.Ordinal))) is not null);
        using var client = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(async () => await client.GetStringAsync($"http://{address}/"));
        await TestApplication.EventuallyAsync(async () => (await app.StatusAsync()).GetProperty("cluster").GetProperty("endings").GetArrayLength() > 0);
    }

    /// <summary>Colours, the cursor hidden and shown, a line erased, the line before, the other screen; and how .NET has a terminal send keys.</summary>
    [GeneratedRegex(@"\x1b(\[([0-9;]*m|\?1[hl]|\?25[hl]|\?1049[hl]|[0-9]*[AGHJK])|[=>])")]
    private static partial Regex OwnSequences();
}
