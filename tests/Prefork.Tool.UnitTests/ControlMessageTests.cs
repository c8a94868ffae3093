using System.Text.Json;
using Prefork.Tool.Control;

namespace Prefork.Tool.UnitTests;

public class ControlMessageTests
{
    [Fact]
    public void WhatARequestLeavesOut_HasItsDefault()
    {
        var request = JsonSerializer.Deserialize("""{"command":"reload"}""", ControlJson.Default.ControlRequest);
        Assert.Equal(new ControlRequest("reload"), request);
        Assert.Equal(1, request!.CanaryShare);
    }

    /// <summary>Generated code assigns every member that can only be initialised: one with a default of its own would lose it.</summary>
    [Fact]
    public void NoMessage_HasADefault_ThatItLosesWhenItIsRead()
    {
        foreach (var type in new[] { typeof(ControlRequest), typeof(ControlReply) })
        {
            var fresh = type == typeof(ControlRequest) ? new ControlRequest(null!) : (object)new ControlReply();
            Assert.Equal(fresh, JsonSerializer.Deserialize("{}", type, ControlJson.Default));
        }
    }

    [Theory]
    [InlineData("""{}""", false)]
    [InlineData("""{"name":"shop"}""", false)]
    [InlineData("""{"name":"shop","cluster":{}}""", false)]
    [InlineData("""{"name":"shop","cluster":{"program":"p","workers":[],"endings":null}}""", false)]
    [InlineData("""{"name":"shop","cluster":{"program":"p","workers":[null],"endings":[]}}""", false)]
    [InlineData("""{"name":"shop","cluster":{"program":"p","workers":[],"endings":[]},"configuration":{}}""", false)]
    [InlineData("""{"name":"shop","cluster":{"program":"p","workers":[],"endings":[]}}""", true)]
    public void AStatus_ThatLeavesOutWhatIsShown_IsNone(string json, bool isWhole)
        => Assert.Equal(isWhole, ControlClient.IsWhole(JsonSerializer.Deserialize(json, ControlJson.Default.ApplicationStatus)!));

    [Fact]
    public void WhatAnApplicationSays_IsOneLine()
    {
        var reply = new ControlReply { Message = "stopped\nprefork: forged", Event = "\x1b[2J" }.AsPlainText();
        Assert.Equal((@"stopped\nprefork: forged", @"\x1b[2J"), (reply.Message, reply.Event));
    }
}
