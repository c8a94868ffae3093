using System.Text.Json;
using Prefork.Wire;

namespace Prefork.Tests.Wire;

public class ContextMessageTests
{
    [Fact]
    public void WhatIsWritten_IsRead()
    {
        var message = new ContextMessage(4, true, 7, 3);
        using var line = JsonDocument.Parse(message.ToLine().ToArray());
        Assert.Equal("NODE_PREFORK", line.RootElement.GetProperty("cmd").GetString());
        Assert.Equal("context", line.RootElement.GetProperty("act").GetString());
        Assert.Equal(message, ContextMessage.Read(line.RootElement.GetProperty("body")));
    }

    [Fact]
    public void APrimaryThatDoesNotSayHowManyAreOfTheGeneration_MeansAll()
    {
        using var document = JsonDocument.Parse("""{"workers":3,"leader":true,"generation":0}""");
        Assert.Equal(3, ContextMessage.Read(document.RootElement).OfGeneration);
    }

    [Fact]
    public void TheSecret_IsReadAsWritten()
    {
        var secret = Enumerable.Range(0, ContextMessage.SecretSize).Select(i => (byte)i).ToArray();
        using var line = JsonDocument.Parse(new ContextMessage(4, true, 7, 3, secret).ToLine().ToArray());
        Assert.Equal(secret, ContextMessage.Read(line.RootElement.GetProperty("body")).Secret);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"workers":1,"leader":1,"generation":0}""")]
    [InlineData("""{"workers":1,"leader":true,"generation":0,"secret":7}""")]
    [InlineData("""{"workers":1,"leader":true,"generation":0,"secret":"AAAA"}""")]
    [InlineData("""{"workers":1,"leader":true,"generation":0,"secret":"not base 64"}""")]
    [InlineData("""{"workers":1,"leader":true,"generation":0,"ofGeneration":"2"}""")]
    [InlineData("""{"workers":1.5,"leader":true,"generation":0}""")]
    public void AnythingElse_IsAnOffence(string json)
    {
        using var document = JsonDocument.Parse(json);
        Assert.Throws<JsonException>(() => ContextMessage.Read(document.RootElement));
    }
}
