namespace Prefork.Tool.Tests;

/// <summary>Several applications in one file: started in its order, each after the one before serves, and stopped in the reverse order.</summary>
public class SeveralApplications
{
    [Fact]
    public async Task AllOfAFile_AreStartedReloadedAndStopped_InTheirOrder()
    {
        await using var app = new TestApplication();
        await app.WriteAsync($$"""
            { "apps": [
                { "name": "stock", "program": "{{Published.WebApp}}", "workers": 1, "watchWindow": 0, "arguments": ["--urls=http://127.0.0.1:0"] },
                { "name": "shop", "program": "{{Published.WebApp}}", "workers": 1, "watchWindow": 0, "arguments": ["--urls=http://127.0.0.1:0"], "env": { "COLOUR": "red" } },
            ] }
            """);
        try
        {
            var start = await app.CommandAsync("start");
            Assert.True(start.Code == 0, start.Error);
            Assert.Matches("^stock runs: 1 worker of .*\nlistens on .*\n(.*\n)+shop runs: 1 worker of .*\n", start.Output);
            Assert.Contains("COLOUR=red", await File.ReadAllTextAsync($"/proc/{await WorkerAsync(app, "shop")}/environ"), StringComparison.Ordinal);
            var again = await app.CommandAsync("start");
            Assert.Equal((0, "", "prefork: stock runs already\nprefork: shop runs already\n"), again);

            // The reload of one reads its part of the file.
            await app.WriteAsync((await File.ReadAllTextAsync(app.ConfigurationFile)).Replace("red", "blue", StringComparison.Ordinal));
            var reload = await app.CommandAsync("reload", "--all");
            Assert.Equal((0, "reload to generation 2 succeeded: 1 worker serves\nreload to generation 2 succeeded: 1 worker serves\n"), (reload.Code, reload.Output));
            Assert.Contains("COLOUR=blue", await File.ReadAllTextAsync($"/proc/{await WorkerAsync(app, "shop")}/environ"), StringComparison.Ordinal);
            Assert.Equal(2, (await app.CommandAsync("reload", "shop", "--all")).Code);
        }
        finally
        {
            var stop = await app.CommandAsync("stop", "--all");
            Assert.Equal((0, "shop has stopped\nstock has stopped\n"), (stop.Code, stop.Output));
        }

        // One alone, as the file has it; and as it was.
        Assert.Equal(0, (await app.CommandAsync("start", "--name", "shop")).Code);
        Assert.Equal(0, (await app.CommandAsync("stop")).Code);
        Assert.Equal(0, (await app.CommandAsync("start", "shop")).Code);
    }

    [Theory]
    [InlineData("{ \"apps\": [] }", "apps: is empty")]
    [InlineData("{ \"apps\": {} }", "apps: must be an array of objects")]
    [InlineData("{ \"apps\": [1] }", "apps[0]: must be an object")]
    [InlineData("{ \"apps\": [{}] }", "apps[0]: has no program")]
    [InlineData("{ \"apps\": [{ \"program\": \"a.dll\", \"worker\": 1 }] }", "apps[0].worker: there is no such key. Is it workers?")]
    [InlineData("{ \"apps\": [{ \"program\": \"a.dll\" },\n { \"program\": \"b/a.dll\" }] }", ":2: apps[1]: is a second application named a")]
    [InlineData("{ \"apps\": [{ \"program\": \"a.dll\" }], \"workers\": 1 }", "workers: stands beside apps")]
    [InlineData("{ \"apps\": [{ \"program\": \"a.dll\" }], \"apps\": [] }", "apps: there is no such key")]
    [InlineData("{ \"apps\": [{ \"program\": \"a.dll\" }, { \"program\": \"b.dll\" }] }", "options count for one", "-w", "1")]
    [InlineData("{ \"apps\": [{ \"program\": \"a.dll\" }, { \"program\": \"b.dll\" }] }", "has no application named c: it has a, b", "--name", "c")]
    public async Task WhatIsWrong_IsOneLine(string json, string what, params string[] options)
    {
        await using var app = new TestApplication();
        await app.WriteAsync(json);
        var start = await app.CommandAsync(["start", .. options]);
        Assert.Equal(2, start.Code);
        Assert.Contains(what, start.Error, StringComparison.Ordinal);
        Assert.Single(start.Error.TrimEnd('\n').Split('\n'));
    }

    private static async Task<int> WorkerAsync(TestApplication app, string name)
    {
        var describe = await app.CommandAsync("describe", name, "--json");
        using var json = System.Text.Json.JsonDocument.Parse(describe.Output);
        return json.RootElement[0].GetProperty("cluster").GetProperty("workers")[0].GetProperty("processId").GetInt32();
    }
}
