using System.Text.Json;
using Prefork.Wire;

namespace Prefork.Tests.Wire;

/// <summary>What a worker says that it waits for is read by people: bounded, and one line of text.</summary>
public class ReadyMessageTests
{
    [Fact]
    public void WhatIsWritten_IsRead() => Assert.Equal("its health check 'db'", Reason(ReadyMessage.Expectation("its health check 'db'").ToArray()));

    [Fact]
    public void NothingSaid_IsNothing() => Assert.Null(Reason(ReadyMessage.Expectation(null).ToArray()));

    [Fact]
    public void AText_IsCutWhereItIsWritten_AndWhereItIsRead()
    {
        var text = new string('x', 10 * ReadyMessage.MaxReason);
        Assert.Equal($"{text[..ReadyMessage.MaxReason]}… ({9 * ReadyMessage.MaxReason} characters more)", Reason(ReadyMessage.Expectation(text).ToArray()));
        Assert.InRange(ReadyMessage.ReasonOf(JsonSerializer.SerializeToElement(text))!.Length, ReadyMessage.MaxReason, ReadyMessage.MaxReason + 2 * ReadyMessage.Mark);
    }

    [Fact]
    public void HalfAPair_CanBeSaid() => Assert.Equal(@"a\ud83db", Reason(ReadyMessage.Expectation("a\ud83db").ToArray()));

    [Theory]
    [InlineData("a\u001b[2Jb\nc\rd\u0007\u009be", @"a\x1b[2Jb\nc\rd\x07\x9be")]
    [InlineData("a\u202eb\u200b", @"a\u202eb\u200b")]
    [InlineData("\ud83d\ude00", "\ud83d\ude00")]
    public void WhatIsNoPlainText_IsSpelledOut(string said, string read) => Assert.Equal(read, ReadyMessage.ReasonOf(JsonSerializer.SerializeToElement(said)));

    [Theory]
    [InlineData("7")]
    [InlineData("""{"a":1}""")]
    [InlineData("null")]
    [InlineData("\"\"")]
    public void AnythingElse_IsNothing(string json)
    {
        using var document = JsonDocument.Parse(json);
        Assert.Null(ReadyMessage.ReasonOf(document.RootElement));
    }

    private static string? Reason(byte[] line)
    {
        using var document = JsonDocument.Parse(line);
        return ReadyMessage.ReasonOf(document.RootElement.TryGetProperty("body", out var body) ? body : default);
    }
}
