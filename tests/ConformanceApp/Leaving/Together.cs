using Prefork;

namespace ConformanceApp.Leaving;

/// <summary>Everybody leaves, with listeners that were used; and all of it again.</summary>
[NodeTest("test-cluster-disconnect")]
internal sealed class DisconnectAll : Scenario
{
    private const int Workers = 4;
    private const int Servers = 2;

    internal override async Task PrimaryAsync()
    {
        for (var round = 0; round < 2; round++)
        {
            var ports = new HashSet<int>();
            var listening = Must.Call($"listening, round {round}", Workers * Servers);
            EventHandler<WorkerListeningEventArgs> listens = (_, e) =>
            {
                ports.Add(e.Address.Port);
                listening.Hit();
            };
            Cluster.Listening += listens;
            for (var i = 0; i < Workers; i++)
            {
                var worker = Cluster.Fork();
                worker.Exited += Must.Handle<WorkerExitedEventArgs>($"exit {worker.Id}", e => Check.Equal(0, e.Exit.Code));
            }

            await listening.Done.WithinPatience();
            Cluster.Listening -= listens;
            Check.Equal(Servers, ports.Count);
            foreach (var port in ports)
            {
                for (var i = 0; i < Workers; i++)
                {
                    using var client = await Net.ConnectAsync(Net.Loopback(port));
                    Check.Equal("echo", await client.HearToEndAsync());
                }
            }

            await Cluster.DisconnectAsync().WithinPatience();
            Check.Equal(0, Cluster.Workers.Count);
        }
    }

    internal override async Task WorkerAsync()
    {
        for (var i = 0; i < Servers; i++)
        {
            _ = Net.ServeAsync(await Cluster.ListenAsync(Net.AnyPort), async connection =>
            {
                await connection.SayAsync("echo");
                connection.Dispose();
            });
        }

        await base.WorkerAsync();
    }
}

/// <summary>One worker has a listener and the other none: both leave, whichever is first.</summary>
internal abstract class DisconnectUnshared : Scenario
{
    internal override async Task PrimaryAsync()
    {
        Cluster.SchedulingPolicy = SchedulingPolicy.Shared;
        var unbound = Cluster.Fork();
        await unbound.WaitForOnlineAsync();
        var bound = Cluster.Fork(new Dictionary<string, string?> { ["BOUND"] = "y" });
        await bound.WaitForListeningAsync();
        unbound.Disconnected += Must.Handle<WorkerEventArgs>("disconnect of the one without", _ => bound.Disconnect());
        unbound.Exited += Must.Handle<WorkerExitedEventArgs>("exit of the one without", e => Check.Equal(0, e.Exit.Code));
        bound.Disconnected += Must.Handle<WorkerEventArgs>("disconnect of the one that listens", _ => { });
        bound.Exited += Must.Handle<WorkerExitedEventArgs>("exit of the one that listens", e => Check.Equal(0, e.Exit.Code));
        unbound.Disconnect();
    }

    internal override async Task WorkerAsync()
    {
        using var bound = Environment.GetEnvironmentVariable("BOUND") is null ? null : await ListenAsync();
        await base.WorkerAsync();
    }

    private protected abstract Task<IDisposable> ListenAsync();
}

/// <summary>For TCP.</summary>
[NodeTest("test-cluster-disconnect-unshared-tcp")]
internal sealed class DisconnectUnsharedTcp : DisconnectUnshared
{
    private protected override async Task<IDisposable> ListenAsync() => new Held(await Cluster.ListenAsync(Net.AnyPort));

    private sealed record Held(ClusterListener Listener) : IDisposable
    {
        public void Dispose() => Listener.Stop();
    }
}

/// <summary>For UDP.</summary>
[NodeTest("test-cluster-disconnect-unshared-udp")]
internal sealed class DisconnectUnsharedUdp : DisconnectUnshared
{
    private protected override async Task<IDisposable> ListenAsync() => await Cluster.BindUdpAsync(Net.AnyPort);
}
