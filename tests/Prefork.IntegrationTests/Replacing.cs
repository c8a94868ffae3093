using System.Text.Json;

namespace Prefork.IntegrationTests;

/// <summary>Workers are replaced in turn under every kind of load, and no request fails.</summary>
public class Replacing
{
    [Theory]
    [InlineData("Prefork", "rr")]
    [InlineData("Sockets", "rr")]
    [InlineData("Prefork", "none")]
    public async Task WorkersInTurn_UnderMixedLoad_FailsNoRequest(string transport, string policy)
    {
        const int Replacements = 8;
        await using var web = await WebCluster.StartAsync(2, $"--transport={transport}", new Dictionary<string, string?> { ["PREFORK_SCHEDULING_POLICY"] = policy });
        await using var load = new TestProgram(Programs.MixedLoad, [web.Http.OriginalString, web.Https.OriginalString, "2"]);
        await load.ExpectAsync("running");
        for (var i = 1; i <= Replacements; i++)
        {
            await web.ReplaceAsync(i);
        }

        load.CloseInput();
        using var result = JsonDocument.Parse(await load.ExpectAsync("{"));
        foreach (var kind in result.RootElement.EnumerateObject())
        {
            Assert.True(kind.Value.GetProperty("failed").GetInt32() == 0, result.RootElement.GetRawText());
            Assert.True(kind.Value.GetProperty("served").GetInt32() > 0, $"{kind.Name} was never served.");
        }
    }
}
