using System.Runtime.CompilerServices;
using Prefork.Tool.Control;
using Prefork.Tool.Screens;

namespace Prefork.Tool.UnitTests;

/// <summary>What <c>list</c>, <c>describe</c> and <c>top</c> show, in terminals of several widths: the files in <c>screens</c>. PREFORK_UPDATE_SCREENS=1 writes them.</summary>
public class ScreenTests
{
    private const int Height = 24;

    private static readonly DateTimeOffset s_now = new(new DateTime(2026, 11, 30, 14, 3, 22, DateTimeKind.Local));

    [Theory]
    [MemberData(nameof(Screens))]
    public void Screens_AreThose_ThatWereLookedAt(string screen, int width)
    {
        var lines = Draw(screen, width).ToList();
        Assert.All(lines, line => Assert.DoesNotContain(line, static letter => char.IsControl(letter) || letter == '\u202e'));

        // But for paths, which are there to be copied.
        Assert.All(lines.Where(static line => !line.Contains('/')), line => Assert.InRange(Columns.WidthOf(line), 0, width));
        Assert.StartsWith("NAME", screen == "top" ? lines[1] : lines[0], StringComparison.Ordinal);
        Compare($"{screen}-{width}.txt", string.Concat(lines.Select(static line => $"{line}\n")));
    }

    public static IEnumerable<TheoryDataRow<string, int>> Screens()
        => new[] { "list", "describe", "top" }.SelectMany(static screen => new[] { 50, 60, 80, 120, 200 }.Select(width => new TheoryDataRow<string, int>(screen, width)));

    [Fact]
    public void Top_Scrolls_AndSorts()
    {
        var top = new TopScreen();
        top.Update(Applications(40), s_now);
        Assert.Contains("1–16 of 42", top.Draw(120, Height, false)[^1], StringComparison.Ordinal);
        Assert.False(top.OnKey(ConsoleKey.PageDown));
        Assert.Contains("17–32 of 42", top.Draw(120, Height, false)[^1], StringComparison.Ordinal);
        top.OnKey(ConsoleKey.End);
        Assert.Contains("27–42 of 42", top.Draw(120, Height, false)[^1], StringComparison.Ordinal);
        top.OnKey(ConsoleKey.UpArrow);
        Assert.Contains("26–41 of 42", top.Draw(120, Height, false)[^1], StringComparison.Ordinal);
        top.OnKey(ConsoleKey.Home);
        top.OnKey(ConsoleKey.UpArrow);
        Assert.Contains("1–16 of 42", top.Draw(120, Height, false)[^1], StringComparison.Ordinal);

        // Requests a second are known from the second look on; of the worker that did not start, never.
        Assert.Contains(" – req/s", top.Draw(120, Height, false)[^2], StringComparison.Ordinal);
        top.Update(Applications(40, seconds: 2), s_now.AddSeconds(2));
        top.OnKey(ConsoleKey.R);
        var lines = top.Draw(120, Height, false);
        Assert.Contains("sorted by requests/s", lines[0], StringComparison.Ordinal);
        Assert.Equal(["39", "38", "37"], lines.SkipWhile(static line => !line.Contains("REQ/S", StringComparison.Ordinal)).Skip(1).Take(3).Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]));
        Assert.Contains($" {Enumerable.Range(0, 40).Sum() - 1} req/s", lines[^2], StringComparison.Ordinal);
        Assert.True(top.OnKey(ConsoleKey.Q));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 3)]
    [InlineData(20, 8)]
    [InlineData(500, 200)]
    public void Top_HasAsManyLines_AsTheScreen(int width, int height)
    {
        var top = new TopScreen();
        foreach (var applications in new[] { [], Applications(30), Enumerable.Repeat(Applications(1)[0], 40).ToList() })
        {
            top.Update(applications, s_now);
            var lines = top.Draw(width, height, false);
            Assert.InRange(lines.Count, 1, height);
            Assert.All(lines, line => Assert.InRange(Columns.WidthOf(line), 0, width));
        }
    }

    [Fact]
    public void WhatAPeerSays_IsDrawnPlain_InItsOwnCell()
    {
        var application = Applications(1)[0] with { Name = "a\n\x1b[2Jb", Addresses = ["/x\u202e\r"], Log = "\a" };
        var lines = ListScreen.Draw([application], 200, colors: false, s_now).ToList();
        Assert.Equal(2, lines.Count);
        Assert.StartsWith(@"a\n\x1b[2Jb  Healthy", lines[1], StringComparison.Ordinal);
        Assert.EndsWith(@"/x\u202e\r", lines[1], StringComparison.Ordinal);
        Assert.Contains(@"\x07", string.Join('\n', DescribeScreen.Draw(application, 200, colors: false, s_now)), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Draw(string screen, int width)
    {
        var applications = Applications(12);
        switch (screen)
        {
            case "list":
                return ListScreen.Draw(applications, width, colors: false, s_now);
            case "describe":
                return DescribeScreen.Draw(applications[0], width, colors: false, s_now);
            default:
                var top = new TopScreen();
                top.Update(applications, s_now.AddSeconds(-1));
                top.Update(Applications(12, seconds: 1), s_now);
                return top.Draw(width, Height, colors: false);
        }
    }

    private static List<ApplicationStatus> Applications(int workers, int seconds = 0) =>
    [
        new(
            "shop",
            4711,
            "/home/anna/.local/state/prefork/shop/log.txt",
            new ConfigurationStatus("/srv/shop/prefork.json", ["workers: 4 → 6", "env: CONNECTION, COLOUR"], null),
            Cluster(workers, seconds, SupervisorState.Healthy, null),
            ["127.0.0.1:8080", "[::1]:8443", "/run/shop.sock"]),
        new(
            "a-very-long-name-of-an-application-that-is-hard-to-show-any.here",
            1234567,
            null,
            null,
            Cluster(2, seconds, SupervisorState.Recovering, "reload"),
            ["0.0.0.0:80"]),
    ];

    private static SupervisorStatus Cluster(int workers, int seconds, SupervisorState state, string? operation) => new(
        state,
        workers,
        12,
        "/srv/shop/releases/2026-11-30/Shop.dll",
        operation,
        s_now.AddHours(-49),
        3,
        [.. Enumerable.Range(0, workers).Select(slot => new WorkerStatus(
            slot + 101, slot == 1 ? null : 5000 + workers + slot, slot, 12, slot == 2 ? WorkerPhase.Draining : WorkerPhase.Serving, s_now.AddMinutes(-slot), slot * 3, (1000 * slot) + (slot * seconds), (50L + slot) << 20,
            TimeSpan.FromSeconds(10.4 + (0.1 * slot * seconds)), [new ListeningAddress("127.0.0.1", 8080, "4", null)]))],
        [
            new WorkerEnding(s_now.AddHours(-2), 100, 4999, 0, 11, null, "killed by SIGKILL, because it hangs: it has not answered for 60 s", false, TimeSpan.FromSeconds(3661.25), ["one", "\x1b[31mUnhandled exception.\x1b[0m System.InvalidOperationException: the database has no table 'orders', and so nothing can be sold", "   at Shop.Orders.Load(String name)"]),
            new WorkerEnding(s_now.AddHours(-1), 99, 4998, 1, 11, null, "recycled: it had 600 MiB", true, TimeSpan.FromSeconds(9), ["not shown"]),
        ]);

    private static void Compare(string name, string text, [CallerFilePath] string here = "")
    {
        var file = Path.Combine(Path.GetDirectoryName(here)!, "screens", name);
        if (Environment.GetEnvironmentVariable("PREFORK_UPDATE_SCREENS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
            return;
        }

        Assert.Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "screens", name)), text);
    }
}
