using Prefork.Reporting;

namespace Prefork.Tool.UnitTests;

/// <summary>Nothing that a user types ends in a stack trace.</summary>
public class CommandLines
{
    [Fact]
    public async Task WhateverIsTyped_EndsWithACode_AndAReason()
    {
        var seed = Environment.GetEnvironmentVariable("PREFORK_FUZZ_SEED") is { } given ? int.Parse(given, System.Globalization.CultureInfo.InvariantCulture) : Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        using var lines = new RandomCommandLines(seed);
        for (var i = 0; i < 500; i++)
        {
            var words = lines.Next();
            var wrong = await RandomCommandLines.RunAsync(words);
            Assert.True(wrong is null, $"seed {seed}, line {i}: {string.Join(' ', words.Select(static word => $"<{PlainText.Line(word)}>"))}\n{wrong}");
        }
    }

    [Theory]
    [InlineData("no command is named. There are\n  run         Runs a program as workers")]
    [InlineData("there is no command lst. Did you mean list?\n'prefork --help' says what there is.", "lst")]
    [InlineData("there is no command dance.\n", "dance")]
    [InlineData("there is no option --jsn. Did you mean --json?\n'prefork list --help'", "list", "--jsn")]
    [InlineData("there is no option --worker. Did you mean --workers?\n'prefork run --help'", "run", "--worker", "2")]
    [InlineData("'two' is one word too many.", "list", "two")]
    [InlineData("--mode: 'bogus' is no mode of a reload: give rolling, all-at-once or within-count.", "reload", "--mode", "bogus")]
    [InlineData("--canary-share: 'abc' is no part of the connections: give a number above 0 and at most 1", "reload", "x", "--canary-share", "abc")]
    [InlineData("--lines: 'abc' is no number of lines: give 0 to 1000000.", "logs", "x", "-n", "abc")]
    [InlineData("'100000' is no number of workers: give 1 to 1024, +N, -N, 'max', or 'max-1'.", "scale", "100000")]
    [InlineData("--raw and --json exclude each other.", "logs", "--raw", "--json")]
    [InlineData("program: is empty: give a path, or leave it out.", "run", "")]
    [InlineData("--config: is empty: give a path, or leave it out.", "run", "--config", "")]
    [InlineData("good.json:1: program: There is no file ", "run", "--config", "good.json")]
    public async Task WhatIsWrong_IsSaid_AndWhatToWrite(string reason, params string[] words)
    {
        using var folder = new RandomCommandLines(0);
        var (code, error) = await RunAsync(words);
        Assert.Equal(2, code);
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InAFolderThatHasBeenDeleted_ThatIsSaid()
    {
        using var lines = new RandomCommandLines(0);
        var deleted = Directory.CreateTempSubdirectory("prefork-test-").FullName;
        Directory.SetCurrentDirectory(deleted);
        Directory.Delete(deleted);
        foreach (string[] words in new[] { ["run", "App.dll"], ["start", "--config", "prefork.json"], ["run", "/dev/null", "--recycle-file", "x"], new[] { "run", "/dev/null", "--cwd", "x" } })
        {
            var (code, error) = await RunAsync(words);
            Assert.Equal(2, code);
            Assert.Contains("is relative to the current folder, which is not there any more: give a full path", error, StringComparison.Ordinal);
        }

        Assert.Contains("The current folder, in which the workers would start, is not there any more.", (await RunAsync("run", "/dev/null")).Error, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("run")).Code);
        Assert.Equal(0, (await RunAsync("list")).Code);
    }

    private static async Task<(int Code, string Error)> RunAsync(params string[] words)
    {
        var (output, error) = (Console.Out, Console.Error);
        var said = new StringWriter();
        Console.SetOut(TextWriter.Null);
        Console.SetError(said);
        try
        {
            return (await CommandTree.RunAsync(words), $"{said}");
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}
