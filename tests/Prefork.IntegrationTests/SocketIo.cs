using System.Globalization;

namespace Prefork.IntegrationTests;

/// <summary>socket.io on Node workers, with our primary in the place of its own: the sample, and clients of socket.io's.</summary>
public class SocketIo
{
    private const int Clients = 6;

    [Theory]
    [InlineData("polling")]
    [InlineData("websocket")]
    [InlineData("upgrade")]
    public async Task ABroadcast_ReachesTheClientsOfEveryWorker(string transport)
    {
        await using var sample = Start();
        await ReadyAsync(sample, 2);
        await using var clients = Connect(await PortAsync(sample), transport);
        var workers = await WelcomeAsync(clients, Clients);
        Assert.Equal([3, 3], workers.Values.CountBy(worker => worker).Select(pair => pair.Value));
        while (transport == "upgrade" && clients.Seen.Count(line => line.StartsWith("upgraded ", StringComparison.Ordinal)) < Clients)
        {
            await clients.ExpectAsync("upgraded ");
        }

        await clients.TellAsync("transports");
        var kind = transport == "upgrade" ? "websocket" : transport;
        await clients.ExpectAsync($"transports {string.Join(' ', Enumerable.Repeat(kind, Clients))}");

        await HeardByAllAsync(clients, "say 0 hello world", workers[0], "hello world");
        await HeardByAllAsync(clients, "bytes 1 00ff80", workers[1], "bytes 00ff80");
        await HeardByAllAsync(clients, "large 2 300000", workers[2], new string('x', 300_000));

        // A question to all workers; their answers go to the one that asked.
        foreach (var client in new[] { 0, 1 })
        {
            await clients.TellAsync($"count {client}");
            await clients.ExpectAsync($"count {client} {Clients}");
        }

        Assert.DoesNotContain(clients.Seen, line => line.StartsWith("disconnect ", StringComparison.Ordinal) || line.StartsWith("error ", StringComparison.Ordinal));
        await clients.TellAsync("end");
        Assert.Equal(0, await clients.WaitForExitAsync());
        sample.Signal(Native.SigTerm);
        Assert.Equal(0, await sample.WaitForExitAsync());
    }

    [Theory]
    [InlineData("polling")]
    [InlineData("websocket")]
    public async Task ClientsOfAWorkerThatDies_ComeBackToOthers(string transport)
    {
        await using var sample = Start();
        var pids = await ReadyAsync(sample, 2);
        await using var clients = Connect(await PortAsync(sample), transport);
        var workers = await WelcomeAsync(clients, Clients);
        Native.Kill(pids[1], Native.SigKill);
        var again = await WelcomeAsync(clients, 3);
        Assert.Equal(workers.Where(pair => pair.Value == 1).Select(pair => pair.Key).Order(), again.Keys.Order());
        Assert.DoesNotContain(1, again.Values);
        await sample.ExpectAsync("Worker 3 ");
        var speaker = again.Keys.First();
        await HeardByAllAsync(clients, $"say {speaker} still here", again[speaker], "still here");
        await clients.TellAsync("end");
        Assert.Equal(0, await clients.WaitForExitAsync());
        sample.Signal(Native.SigTerm);
        Assert.Equal(0, await sample.WaitForExitAsync());
    }

    private static TestProgram Start()
        => new(Programs.SocketIoCluster, [NpmPackages.Script("server.js")], NpmPackages.Environment(("PORT", "0"), ("WORKERS", "2")));

    private static TestProgram Connect(string port, string transport)
        => new("node", [NpmPackages.Script("socket.io-clients.js"), port, $"{Clients}", transport], NpmPackages.Environment());

    private static async Task<string> PortAsync(TestProgram sample) => (await sample.ExpectEverAsync("Listening on ")).Split(':')[^1];

    /// <summary>The pids of so many workers, by their ids, when they take connections.</summary>
    private static async Task<Dictionary<int, int>> ReadyAsync(TestProgram sample, int count)
    {
        var lines = await ManyAsync(sample, "Worker ", count);
        return lines.Select(line => line.Split(' ', ')')).ToDictionary(words => Number(words[1]), words => Number(words[3]));
    }

    /// <summary>Which worker each client has come to.</summary>
    private static async Task<Dictionary<int, int>> WelcomeAsync(TestProgram clients, int count)
        => (await ManyAsync(clients, "welcome ", count)).Select(line => line.Split(' ')).ToDictionary(words => Number(words[1]), words => Number(words[2]));

    private static async Task HeardByAllAsync(TestProgram clients, string order, int worker, string what)
    {
        await clients.TellAsync(order);
        var heard = await ManyAsync(clients, "said ", Clients);
        Assert.Equal(Enumerable.Range(0, Clients).Select(client => $"said {client} {worker} {what}"), heard.Order(StringComparer.Ordinal));
    }

    private static async Task<List<string>> ManyAsync(TestProgram program, string prefix, int count)
    {
        var lines = new List<string>();
        while (lines.Count < count)
        {
            lines.Add(await program.ExpectAsync(prefix));
        }

        return lines;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
