using System.Text;

namespace Prefork.Tool.Tests;

/// <summary>A log is read over its files without a gap, while it is written.</summary>
public class ReadingLogs : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("prefork-test-").FullName;

    [Fact]
    public void Lines_AreWholeOrNotThereYet()
    {
        Write("log.txt", "one\ntw");
        using var reader = new LogReader(_folder);
        Assert.Equal(["one"], Read(reader));
        Write("log.txt", "o\nthree\n");
        Assert.Equal(["two", "three"], Read(reader));
    }

    [Fact]
    public void ARoll_LosesNothing_AlsoNotSeveral()
    {
        Write("log.txt", "1\n");
        using var reader = new LogReader(_folder);
        Assert.Equal(["1"], Read(reader));
        Write("log.txt", "2\n");
        Write("log_001.txt", "3\n");
        Write("log_002.txt", "4\n");
        Assert.Equal(["2", "3", "4"], Read(reader));

        // The oldest are deleted.
        File.Delete(Path.Combine(_folder, "log.txt"));
        Write("log_002.txt", "5\n");
        Write("log_010.txt", "6\n");
        Assert.Equal(["5", "6"], Read(reader));
    }

    [Theory]
    [InlineData("log.txt")]
    [InlineData("log_001.txt")]
    public void ALogThatIsBegunAnew_IsReadOn(string name)
    {
        Write(name, "1\n");
        using var reader = new LogReader(_folder);
        Assert.Equal(["1"], Read(reader));
        File.Move(Path.Combine(_folder, name), Path.Combine(_folder, "kept"));
        Assert.Empty(Read(reader));
        Write("log.txt", "2\n");
        Assert.Equal(["2"], Read(reader));
        Write("log.txt", "3\n");
        Assert.Equal(["3"], Read(reader));
    }

    [Fact]
    public void WhatRemains_WhenTheNewestIsMoved_IsNotReadAgain()
    {
        Write("log.txt", "1\n");
        Write("log_001.txt", "2\n");
        using var reader = new LogReader(_folder);
        Assert.Equal(["1", "2"], Read(reader));
        File.Delete(Path.Combine(_folder, "log_001.txt"));
        Assert.Empty(Read(reader));
        Write("log_001.txt", "3\n");
        Assert.Equal(["3"], Read(reader));
    }

    [Fact]
    public void ALineThatIsTooLong_IsCut_AndTheNextIsWhole()
    {
        Write("log.txt", $"one\n{new string('x', 200_000)}");
        using var reader = new LogReader(_folder, longest: 70_000);
        var lines = Read(reader);
        Assert.Equal("one", lines[0]);
        Assert.StartsWith($"{new string('x', 70_000)}… [cut", lines[1], StringComparison.Ordinal);
        Assert.Equal(2, lines.Count);
        Write("log.txt", "y\nthree\n");
        Assert.Equal(["three"], Read(reader));
    }

    [Fact]
    public void InAnotherUsersFolder_AFileThatIsNotThatUsers_IsNotRead()
    {
        Write("log.txt", "one\n");
        using var reader = new LogReader(_folder, owner: 4_000_000_000);
        Assert.Contains("it is not user 4000000000's", Assert.Throws<IOException>(reader.Read).Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 10_000)]
    public async Task APipe_IsRefused()
    {
        using (var make = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(_folder, "log.txt")]))
        {
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        using var reader = new LogReader(_folder);
        Assert.Contains("not a regular file", (await Assert.ThrowsAsync<IOException>(() => Task.Run(reader.Read))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_AreInTheOrderOfTheirNumbers_WhateverTheirTimes()
    {
        foreach (var name in new[] { "log_1000.txt", "log_999.txt", "log_002.txt", "log.txt", "log_of_mine.txt" })
        {
            Write(name, $"{name}\n");
        }

        Assert.Equal(["log.txt", "log_002.txt", "log_999.txt", "log_1000.txt"], LogReader.Files(_folder).Select(Path.GetFileName));
        using var reader = new LogReader(_folder);
        Assert.Equal(["log.txt", "log_002.txt", "log_999.txt", "log_1000.txt"], Read(reader));
    }

    [Fact]
    public async Task WhatIsWrittenMeanwhile_ComesInOrder()
    {
        const int Count = 20_000;
        Write("log.txt", "");
        using var reader = new LogReader(_folder);
        var writing = Task.Run(() =>
        {
            for (var i = 0; i < Count; i += 100)
            {
                Write(i < 2000 ? "log.txt" : $"log_{i / 2000:000}.txt", string.Concat(Enumerable.Range(i, 100).Select(static number => $"{number}\n")));
            }
        });
        var seen = new List<string>();
        while (seen.Count < Count)
        {
            var ended = writing.IsCompleted;
            var lines = Read(reader);
            Assert.False(ended && lines.Count == 0, $"{seen.Count} lines came.");
            seen.AddRange(lines);
        }

        await writing;
        Assert.Equal(Enumerable.Range(0, Count).Select(static number => $"{number}"), seen);
    }

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private static List<string> Read(LogReader reader)
    {
        var lines = new List<string>();
        while (reader.Read() is { } line)
        {
            lines.Add(Encoding.UTF8.GetString(line));
        }

        return lines;
    }

    private void Write(string file, string text) => File.AppendAllText(Path.Combine(_folder, file), text);
}
