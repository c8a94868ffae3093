using System.Globalization;

namespace Prefork.IntegrationTests;

/// <summary>
/// One primary with two honest workers, and attackers one after another. An attacker is a shell that writes bytes to its channel: nothing of ours runs in it.
/// After an attack that was not survived there is another primary, so that each attack is judged by itself.
/// </summary>
public sealed class HostileCluster : IAsyncLifetime
{
    /// <summary>No message is larger.</summary>
    internal const int MaxMessageSize = 200_000;

    /// <summary>How much the primary may be larger for any attack: eight times what one channel may have waiting (8 MiB).</summary>
    private const long MemoryBound = 64 * 1024 * 1024;

    private const string Attacker = """
        #!/bin/sh
        cat "$ATTACK" >&3
        [ -n "$LEAVES" ] && exit 7
        exec cat <&3 >/dev/null
        """;

    private readonly TemporaryFolder _folder = new();
    private TestCluster? _running;
    private System.Net.IPEndPoint _endPoint = null!;
    private long _memory;
    private int _descriptors;
    private int _lastId;
    private string _script = "";
    private string _exec = "";
    private bool _frames;

    public async ValueTask InitializeAsync()
    {
        _script = Path.Combine(_folder.Path, "attacker");
        await File.WriteAllTextAsync(_script, Attacker);
        File.SetUnixFileMode(_script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _folder.Dispose();
    }

    /// <summary>The attack ends as it should, and nobody else has noticed.</summary>
    internal async Task SurviveAsync(HostileAttack attack)
    {
        if (_running is null)
        {
            await StartAsync();
        }

        try
        {
            await RunAsync(attack);
            await Scheduling.EventuallyAsync(async () => await DescriptorsAsync() <= _descriptors);
            Assert.True(Memory - _memory < MemoryBound, $"The primary has grown from {_memory} to {Memory} bytes.");
            Assert.DoesNotContain(Cluster.Seen, static line => line.StartsWith("error", StringComparison.Ordinal) && line.Any(char.IsControl));
            Assert.DoesNotContain(Cluster.Seen, static line => line.StartsWith("disconnect 1 ", StringComparison.Ordinal) || line.StartsWith("disconnect 2 ", StringComparison.Ordinal));
        }
        catch
        {
            await EndAsync();
            throw;
        }
    }

    private TestCluster Cluster => _running!;

    private async Task EndAsync()
    {
        if (_running is { } cluster)
        {
            _running = null;
            await cluster.DisposeAsync();
        }
    }

    private async Task StartAsync()
    {
        _running = await TestCluster.StartAsync($"setup maxmessage={MaxMessageSize}");
        (_lastId, _exec, _frames) = (2, "", false);
        _endPoint = await Cluster.ListenAllAsync(2);
        await Cluster.TellAsync("untilready 1");
        await Cluster.ExpectAsync("ready 1");
        await Cluster.TellAsync("untilready 2");
        await Cluster.ExpectAsync("ready 2");
        // What the first ones load and open for good is not counted.
        foreach (var attack in HostileAttacks.WarmUp)
        {
            await RunAsync(attack);
        }

        _descriptors = await DescriptorsAsync();
        _memory = Memory;
    }

    private async Task RunAsync(HostileAttack attack)
    {
        var file = Path.Combine(_folder.Path, "attack");
        await File.WriteAllBytesAsync(file, attack.Bytes);
        if (_frames != attack.IsFrames)
        {
            _frames = attack.IsFrames;
            await Cluster.TellAsync($"setup serialization={(_frames ? "advanced" : "json")}");
        }

        var exec = attack.Offence is null ? _script : Programs.ClusterApp;
        if (_exec != exec)
        {
            _exec = exec;
            await Cluster.TellAsync($"setup exec={exec}");
        }

        var id = (++_lastId).ToString(CultureInfo.InvariantCulture);
        await Cluster.TellAsync(attack.Offence is null
            ? $"fork ATTACK={file}{(attack.Outcome == Outcome.Leaves ? " LEAVES=1" : "")}"
            : $"fork WORKER_KIND=hostile HOSTILE={attack.Offence}");
        await Cluster.ExpectAsync($"forked {id} ");
        await ServeAsync();
        switch (attack.Outcome)
        {
            case Outcome.Cut:
                Assert.Contains(attack.Reason, await Cluster.ExpectEverAsync($"error {id} ClusterProtocolException"), StringComparison.Ordinal);
                await Cluster.ExpectEverAsync($"disconnect {id} ");
                break;
            case Outcome.Lives:
                // What comes last arrives.
                await Cluster.ExpectEverAsync($"message {id} {HostileAttacks.Last}");
                break;
        }

        await ServeAsync();
        if (attack.Outcome != Outcome.Leaves)
        {
            await Cluster.TellAsync($"kill {id} SIGKILL");
        }

        await Cluster.ExpectEverAsync($"exit {id} ");
    }

    /// <summary>Both honest workers take connections, and answer.</summary>
    private async Task ServeAsync()
    {
        var workers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => EchoClient.WhoServesAsync(_endPoint)));
        Assert.Equal([1, 2], workers.Distinct().Order());
        await Cluster.TellAsync("request 1 shout still");
        await Cluster.ExpectAsync("reply STILL");
        await Cluster.TellAsync("request 2 shout here");
        await Cluster.ExpectAsync("reply HERE");
    }

    private async Task<int> DescriptorsAsync()
    {
        await Cluster.TellAsync("fds");
        return int.Parse((await Cluster.ExpectAsync("fds ")).Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private long Memory
    {
        get
        {
            using var process = System.Diagnostics.Process.GetProcessById(Cluster.Id);
            return process.WorkingSet64;
        }
    }
}
