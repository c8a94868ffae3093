using System.Text.Json;
using Prefork.Wire;

namespace Prefork.Tests.Wire;

/// <summary>What one worker sends for all must be such as all can read.</summary>
public class ListenDataTests
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 4096 };

    [Theory]
    [InlineData(32, true)]
    [InlineData(33, false)]
    [InlineData(4095, false)]
    public void Depth_IsBounded(int depth, bool isKept) => Assert.Equal(isKept, FaultOf($"{new string('[', depth)}{new string(']', depth)}") is null);

    [Theory]
    [InlineData(ListenData.MaxLength - 2, true)]
    [InlineData(ListenData.MaxLength - 1, false)]
    public void Length_IsBounded(int length, bool isKept) => Assert.Equal(isKept, FaultOf($"\"{new string('x', length)}\"") is null);

    [Theory]
    [InlineData(ListenData.MaxTokens - 2, true)]
    [InlineData(ListenData.MaxTokens - 1, false)]
    public void Values_AreBounded(int values, bool isKept) => Assert.Equal(isKept, FaultOf($"[{string.Join(',', Enumerable.Repeat("0", values))}]") is null);

    [Fact]
    public void WhatNodeSends_IsKept() => Assert.Null(FaultOf($"{{\"ticketKeys\":\"{new string('a', 96)}\"}}"));

    [Fact]
    public void None_IsKept() => Assert.Null(ListenData.FaultOf(default));

    [Fact]
    public void WhatCanBeReadAndNotWritten_IsRefused() => Assert.NotNull(FaultOf("\"\\ud800\""));

    private static string? FaultOf(string json)
    {
        using var document = JsonDocument.Parse(json, Deep);
        return ListenData.FaultOf(document.RootElement);
    }
}
