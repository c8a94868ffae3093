using System.Text.Json;

namespace Prefork.Tool.Tests;

/// <summary>What the commands say to programs: <c>--json</c>.</summary>
public class Formats
{
    [Fact]
    public async Task EveryCommand_SaysItInJson()
    {
        await using var app = new TestApplication();
        await app.WriteAsync($$"""{ "program": "{{Published.WebApp}}", "arguments": ["--urls=http://127.0.0.1:0"], "workers": 1, "name": "shop", "watchWindow": 0 }""");
        var start = await OneAsync("start", "--json");
        Assert.Equal(0, start.GetProperty("exitCode").GetInt32());
        Assert.Equal("shop", start.GetProperty("status").GetProperty("name").GetString());
        Assert.Equal("shop", (await OneAsync("list", "--json"))[0].GetProperty("name").GetString());
        var configuration = (await OneAsync("describe", "--json"))[0].GetProperty("configuration");
        Assert.Equal((app.ConfigurationFile, 0), (configuration.GetProperty("file").GetString(), configuration.GetProperty("changes").GetArrayLength()));
        foreach (string[] operation in new[] { ["reload"], ["restart"], ["rollback"], new[] { "scale", "1" } })
        {
            var reply = await OneAsync([.. operation, "--json"]);
            Assert.Equal(0, reply.GetProperty("exitCode").GetInt32());
            Assert.NotEmpty(reply.GetProperty("message").GetString()!);
        }

        var logs = (await app.CommandAsync("logs", "--json", "-n", "1000")).Output.TrimEnd('\n').Split('\n').Select(static line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Contains(logs, static line => line.GetProperty("source").GetString() == "prefork" && line.GetProperty("line").GetString()!.Contains("listening on", StringComparison.Ordinal));
        var urls = logs.First(static line => line.GetProperty("line").GetString()!.StartsWith("urls ", StringComparison.Ordinal));
        Assert.Equal(("worker", 0, 1, false), (urls.GetProperty("source").GetString(), urls.GetProperty("slot").GetInt32(), urls.GetProperty("worker").GetInt32(), urls.GetProperty("isError").GetBoolean()));
        Assert.InRange(urls.GetProperty("time").GetDateTimeOffset(), DateTimeOffset.Now.AddHours(-1), DateTimeOffset.Now);
        await using (var top = new TestProgram(Published.Command, ["top", "--json"], app.Environment))
        {
            for (var i = 0; i < 2; i++)
            {
                using var tick = JsonDocument.Parse(await top.ExpectAsync("{\"time\":"));
                Assert.Equal("shop", tick.RootElement.GetProperty("applications")[0].GetProperty("name").GetString());
            }

            top.Signal(Native.SigInt);
            Assert.Equal(0, await top.WaitForExitAsync());
        }

        Assert.Equal("shop has stopped", (await OneAsync("stop", "--json")).GetProperty("message").GetString());

        async Task<JsonElement> OneAsync(params string[] arguments)
        {
            var result = await app.CommandAsync(arguments);
            Assert.True(result.Code == 0, result.Error);
            return JsonDocument.Parse(Assert.Single(result.Output.TrimEnd('\n').Split('\n'))).RootElement;
        }
    }

    [Theory]
    [InlineData(2, "run")]
    [InlineData(2, "start")]
    [InlineData(2, "run", "--workers", "none")]
    [InlineData(3, "describe")]
    [InlineData(3, "stop")]
    [InlineData(3, "reload", "shop")]
    [InlineData(3, "restart")]
    [InlineData(3, "rollback")]
    [InlineData(3, "scale", "2")]
    [InlineData(3, "logs", "shop")]
    [InlineData(3, "top", "shop")]
    public async Task WhatFails_SaysSoInJson(int code, params string[] arguments)
    {
        await using var app = new TestApplication();
        var result = await app.CommandAsync([.. arguments, "--json"]);
        Assert.Equal(code, result.Code);
        using var reply = JsonDocument.Parse(result.Output);
        Assert.Equal(code, reply.RootElement.GetProperty("exitCode").GetInt32());
        Assert.StartsWith($"prefork: {reply.RootElement.GetProperty("message").GetString()}", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WritesALineOfJson_ForEachThatItOrAWorkerSays()
    {
        await using var run = Running.Run([Published.WebApp, "-w", "1", "--json", "--", "--urls=http://127.0.0.1:0"]);
        using var urls = JsonDocument.Parse(await run.ExpectAsync(static line => line.Contains("\"line\":\"urls http://127.0.0.1:", StringComparison.Ordinal), "the worker's line"));
        Assert.Equal("worker", urls.RootElement.GetProperty("source").GetString());
        run.Signal(Native.SigTerm);
        using var end = JsonDocument.Parse(await run.ExpectAsync(static line => line.EndsWith("\"line\":\"stopped\"}", StringComparison.Ordinal), "the end"));
        Assert.Equal("prefork", end.RootElement.GetProperty("source").GetString());
        Assert.Equal(0, await run.WaitForExitAsync());
        Assert.All(run.Seen, static line => JsonDocument.Parse(line).Dispose());
        Assert.Empty(await run.ErrorsAsync());
    }
}
