using Prefork.Supervision;

namespace Prefork.Tool.Tests;

/// <summary>
/// What programs that failed wrote last: each file of LastWords is the output of one that was really run, of .NET and of Node 20 to 26, with and without
/// loggers; paths are replaced. In each, <c>&gt;</c> marks the line that a person points at who is asked why it ended. The lines were marked before the rule
/// was written, and the rule before the programs of "unseen" were run, and as it stands before those of "later".
/// </summary>
public class LastWordsOfPrograms
{
    [Theory]
    [InlineData("known")]
    [InlineData("unseen")]
    [InlineData("later")]
    public void TheLineThatSaysWhy_IsFound_In57Of60(string folder)
    {
        var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "LastWords", folder), "*.txt");
        var missed = files.Select(static file => (Name: Path.GetFileNameWithoutExtension(file), Found: Find(File.ReadAllLines(file)))).Where(static file => file.Found.Got != file.Found.Wanted).ToList();
        Assert.True(files.Length >= 30);
        Assert.True((files.Length - missed.Count) * 60 >= 57 * files.Length, string.Concat(missed.Select(static file => $"\n{file.Name}\n  wanted {file.Found.Wanted}\n  got    {file.Found.Got}")));
    }

    [Fact]
    public void OfARecordInJson_TheMessageAndTheException_AreTheReason()
    {
        Assert.Equal("The tenants of \"north\" could not be loaded: System.IO.DirectoryNotFoundException: Could not find a part of the path '/srv/shop/tenants.json'.", ReasonOf("known/serilog-rendered"));
        Assert.Equal("no stock table", ReasonOf("known/pino-fatal"));
        Assert.Equal("DATABASE_URL is not set", ReasonOf("known/pino-message-only"));
        Assert.Equal("S3 bucket shop-images not found", ReasonOf("known/winston-json"));
        Assert.Equal("Stopped program because of exception: System.Net.Sockets.SocketException (111): Connection refused [::ffff:127.0.0.1]:1", ReasonOf("unseen/nlog-json"));
    }

    [Fact]
    public void TheReason_IsOneLineWithoutControlCharacters()
    {
        var words = LastWords.Find(["{\"level\":60,\"msg\":\"a\\u001b[31mb\\u0007\\rc\\nforged\"}"]);
        Assert.Equal("ab\uFFFD\uFFFDc", words!.Text);
        Assert.Equal("Error: x", LastWords.Find(["\u001b]0;title\u0007Error: x", "\u001b[31mError\u001b[0m: x"])!.Text);
    }

    [Fact]
    public void InformationAndWarnings_SayNothing()
        => Assert.Null(LastWords.Find(["[12:00:00 INF] starting", "info: Shop[0]", "      starting", "{\"level\":30,\"msg\":\"starting\"}", "(node:7) Warning: old", "2026-01-01 WARN x"]));

    [Theory]
    [InlineData(0, "[config] shop.json cannot be read", "exiting")]
    [InlineData(1, "[config] shop.json cannot be read", "the stock service could not be reached", "bye")]
    [InlineData(1, "starting", "shop needs an argument")]
    [InlineData(0, "no database is named", "[INFO] 3 files could not be removed")]
    [InlineData(2, "12:00:00 ERROR shop: cannot start", "  orders: 3", "  Shop.StockException: no stock", "bye")]
    [InlineData(0, "12:00:00 ERROR shop: cannot start", "  orders: 3")]
    public void WithoutALoggersForm_ALineThatSpeaksOfAFailure_GoesBeforeOthers(int line, params string[] written) => Assert.Equal(line, LastWords.Find(written)!.Line);

    [Fact]
    public void ADeepStack_DoesNotPushTheReasonOut()
    {
        var recent = new RecentLines();
        recent.Add("Unhandled exception. System.Exception: no table");
        for (var i = 0; i < 500; i++)
        {
            recent.Add($"   at Shop.Frame{i}()");
        }

        Assert.Equal("Unhandled exception. System.Exception: no table", LastWords.Find(recent.All)!.Text);
        Assert.Equal("   ... 492 more", recent.All[^1]);
    }

    [Fact]
    public void LinesThatAreShown_BeginAtTheReason()
    {
        var lines = Lines(File.ReadAllLines(FileOf("known/node-missing-file")), out var marked);
        Assert.Equal(marked, LastWords.Tail(lines, 10)[0]);
        Assert.Equal(10, LastWords.Tail(lines, 10).Count);
        Assert.Equal(["c"], LastWords.Tail(["[INFO] a", "b", "c"], 10));
        Assert.Equal(["[INFO] b"], LastWords.Tail(["[INFO] a", "[INFO] b"], 1));
    }

    private static string FileOf(string name) => Path.Combine(AppContext.BaseDirectory, "LastWords", $"{name}.txt");

    private static string? ReasonOf(string name) => LastWords.Find(Lines(File.ReadAllLines(FileOf(name)), out _))?.Text;

    private static (string? Got, string Wanted) Find(string[] file)
    {
        var lines = Lines(file, out var marked);
        return (LastWords.Find(lines) is { } words ? lines[words.Line].Trim() : null, marked.Trim());
    }

    /// <summary>As a primary remembers them.</summary>
    private static IReadOnlyList<string> Lines(string[] file, out string marked)
    {
        var recent = new RecentLines();
        var mark = new RecentLines();
        foreach (var line in file)
        {
            var text = line.Length > 2 ? line[2..] : "";
            recent.Add(text);
            if (line.StartsWith("> ", StringComparison.Ordinal))
            {
                mark.Add(text);
            }
        }

        marked = Assert.Single(mark.All);
        return recent.All;
    }
}
