namespace Prefork.Tool.Tests;

/// <summary>Colour and motion on a terminal, and nowhere else.</summary>
public class OnTerminals
{
    private const char Escape = '\u001b';

    [Fact]
    public async Task Progress_Moves_AndEverythingElseIsPlain()
    {
        await using var app = new TestApplication();
        await app.StartAsync("-w", "1");
        await using (var reload = Terminal.Run($"{Published.Command} reload", app.Environment))
        {
            await reload.ExpectAsync(static line => line.Contains("reload to generation 2 succeeded: 1 worker serves", StringComparison.Ordinal), "the result");
            Assert.Equal(0, await reload.WaitForExitAsync());

            // The cursor is hidden while something moves.
            var seen = string.Join('\n', reload.Seen);
            Assert.Contains($"{Escape}[?25l", seen, StringComparison.Ordinal);
            Assert.Contains("reload shop", seen, StringComparison.Ordinal);
            Assert.Contains(" started", seen, StringComparison.Ordinal);
        }

        await using (var list = Terminal.Run($"{Published.Command} list", app.Environment))
        {
            Assert.Contains(Escape, await list.ExpectAsync(static line => line.Contains("Healthy", StringComparison.Ordinal), "the application"));
        }

        foreach (string[] command in new[] { ["reload"], ["list"], ["describe"], ["top"], new[] { "scale", "2" } })
        {
            var result = await app.CommandAsync(command);
            Assert.Equal(0, result.Code);
            Assert.DoesNotContain(Escape, result.Output + result.Error);
        }
    }

    [Fact]
    public async Task Top_ShowsWorkersLive_AndOnceWhereThereIsNoTerminal()
    {
        await using var app = new TestApplication();
        await app.StartAsync();
        var pids = await app.PidsAsync();
        var once = await app.CommandAsync("top");
        Assert.Equal(0, once.Code);
        Assert.All(pids, pid => Assert.Matches($@"\nshop +\d +{pid} +1 +Serving ", once.Output));
        foreach (var key in new[] { "q", "\u0003" })
        {
            await using var live = Terminal.Run($"exec {Published.Command} top shop", app.Environment);
            await live.ExpectAsync(static line => line.Contains($"{Escape}[?1049h", StringComparison.Ordinal) && line.Contains("prefork top", StringComparison.Ordinal), "the other screen");
            for (var i = 0; i < 2; i++)
            {
                foreach (var pid in pids)
                {
                    await live.ExpectAsync(line => line.Contains($" {pid} ", StringComparison.Ordinal), $"worker {pid}");
                }

                await live.ExpectAsync(static line => line.StartsWith("total: ", StringComparison.Ordinal), "totals");
            }

            // 'q', and Ctrl+C as the terminal understands it. Either way the screen before is there again.
            await live.TellAsync(key);
            await live.ExpectAsync(static line => line.EndsWith($"{Escape}[?25h{Escape}[?1049l", StringComparison.Ordinal), "the screen before");
            Assert.Equal(0, await live.WaitForExitAsync());
        }
    }
}
