using System.IO.Pipelines;
using System.Text;
using Prefork.Supervision;

namespace Prefork.Tests.Supervision;

public class OutputReaderTests
{
    private const int MaxLine = 1000;

    private readonly Pipe _output = new();
    private readonly Pipe _error = new();
    private readonly List<(bool IsError, string Line)> _lines = [];
    private readonly List<byte[]?> _bytes = [];
    private readonly List<Exception> _refused = [];

    [Fact]
    public async Task Lines_ComeWhole_HoweverTheyAreWritten()
    {
        await ReadAsync("one\ntw", "o\r\n\nü", "ber", "\nrest");
        Assert.Equal(["one", "two", "", "über", "rest"], _lines.Select(line => line.Line));
    }

    [Fact]
    public async Task ALineThatIsTooLong_IsOneLine_CutWithAMark()
    {
        await ReadAsync(new string('x', MaxLine), "\n", new string('y', MaxLine), "yy", new string('y', 3 * MaxLine), "\nnext\n", new string('z', MaxLine + 1));
        Assert.Equal([new string('x', MaxLine), new string('y', MaxLine) + LineSplitter.Mark(MaxLine), "next", new string('z', MaxLine) + LineSplitter.Mark(MaxLine)], _lines.Select(line => line.Line));
    }

    [Fact]
    public async Task ACut_IsNotWithinACharacter()
    {
        await ReadAsync(new string('x', MaxLine - 1) + "😀y\n");
        Assert.Equal(new string('x', MaxLine - 1) + LineSplitter.Mark(MaxLine), Assert.Single(_lines).Line);
    }

    [Fact]
    public async Task ALineWithoutEnd_IsNotCutWithinACharacter()
    {
        await ReadAsync("x" + string.Concat(Enumerable.Repeat("👍", MaxLine / 4)));
        Assert.Equal("x" + string.Concat(Enumerable.Repeat("👍", (MaxLine / 4) - 1)) + LineSplitter.Mark(MaxLine), Assert.Single(_lines).Line);
    }

    [Fact]
    public async Task BytesThatAreNoText_ComeBesideIt()
    {
        await ReadAsync([.. "a"u8, 0xff, 0xfe, .. "b\nüber\n"u8]);
        Assert.Equal(["a��b", "über"], _lines.Select(line => line.Line));
        Assert.Equal([[.. "a"u8, 0xff, 0xfe, .. "b"u8], null], _bytes);
    }

    [Fact]
    public async Task TheLastLines_AreRemembered_Shortened()
    {
        var reader = await ReadAsync(string.Concat(Enumerable.Range(0, 200).Select(i => $"line {i}\n")), new string('y', 5000));
        Assert.Equal(50, reader.LastLines.Count);
        Assert.Equal("line 199", reader.LastLines[^2]);
        Assert.Equal(501, reader.LastLines[^1].Length);
    }

    [Fact]
    public async Task APipeThatSomebodyElseHolds_IsNotWaitedFor()
    {
        var reader = Read();
        await WriteAsync("said\n");
        await reader.FinishAsync(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        Assert.Equal("said", Assert.Single(reader.LastLines));
    }

    [Fact]
    public async Task LinesThatAreRefused_AreReadAndRemembered_AndItIsSaidOnce()
    {
        var reader = await ReadAsync("one\n", "refuse\n", "refuse\n", "two\n");
        Assert.Equal(["one", "two"], _lines.Select(line => line.Line));
        Assert.Equal(["one", "refuse", "refuse", "two"], reader.LastLines);
        Assert.IsType<IOException>(Assert.Single(_refused));
    }

    private OutputReader Read() => new(_output.Reader.AsStream(), _error.Reader.AsStream(), MaxLine, Take, _refused.Add);

    private void Take(bool isError, string line, byte[]? bytes)
    {
        if (line == "refuse")
        {
            throw new IOException();
        }

        lock (_lines)
        {
            _lines.Add((isError, line));
            _bytes.Add(bytes);
        }
    }

    private Task<OutputReader> ReadAsync(params string[] parts) => ReadAsync([.. parts.Select(Encoding.UTF8.GetBytes)]);

    private async Task<OutputReader> ReadAsync(params byte[][] parts)
    {
        var reader = Read();
        foreach (var part in parts)
        {
            await _output.Writer.WriteAsync(part);
        }

        await _output.Writer.CompleteAsync();
        await _error.Writer.CompleteAsync();
        await reader.FinishAsync(TimeSpan.FromSeconds(20), TimeProvider.System);
        return reader;
    }

    private async Task WriteAsync(string text) => await _output.Writer.WriteAsync(Encoding.UTF8.GetBytes(text));
}
