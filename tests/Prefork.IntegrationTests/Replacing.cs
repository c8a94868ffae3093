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

    /// <summary>
    /// h2load neither repeats nor reconnects: a connection that got a GOAWAY ends, and with it what was still to be sent. Its log says of each request when
    /// it was sent (0: never), its status (-1: none) and how long it took; one that the GOAWAY refuses is not lost, and a client may repeat it (RFC 9113, 6.8).
    /// </summary>
    [Fact]
    public async Task WorkersInTurn_UnderH2load_LosesNoRequest()
    {
        Assert.SkipUnless(Programs.IsInstalled("h2load"), "h2load is not installed (Debian: nghttp2-client).");
        const int Requests = 20000;
        await using var web = await WebCluster.StartAsync(2);
        using var folder = new TemporaryFolder();
        for (var round = 0; round < 4; round++)
        {
            var log = Path.Combine(folder.Path, $"{round}");
            await using var load = new TestProgram("h2load", ["-n", $"{Requests}", "-c", "2", "-m", "10", "--rps", "500", $"--log-file={log}", web.Https.OriginalString]);
            await web.ReplaceAsync(2 * round + 1);
            await web.ReplaceAsync(2 * round + 2);
            var summary = await load.ExpectAsync("requests: ");
            await load.WaitForExitAsync();

            var numbers = summary.Split(' ').Where(word => int.TryParse(word, out _)).Select(int.Parse).ToArray();
            var (started, done) = (numbers[1], numbers[2]);
            var answers = (await File.ReadAllLinesAsync(log)).Select(line => line.Split('\t')).ToList();
            Assert.True(started < Requests, $"No GOAWAY ended it: {summary}");
            Assert.True(started == done, $"A connection ended with requests under way: {summary}");
            Assert.Contains(answers, answer => answer[1] == "200");
            Assert.All(answers, answer => Assert.Contains(answer[1], (string[])["200", "-1"]));
        }
    }
}
