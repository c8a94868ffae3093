using System.Net.Sockets;
using Prefork;

namespace ConformanceApp.Udp;

/// <summary>Workers that bind for themselves have each their own any port, share none that is fixed, and share one through the primary.</summary>
[NodeTest("test-dgram-bind-shared-ports")]
internal sealed class BindSharedPorts : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var port = Net.Udp(Net.AnyPort);
        var fixedPort = port.Port();
        port.Dispose();
        var ports = new List<int[]>();
        var all = Must.Call("message", 2);
        for (var i = 0; i < 2; i++)
        {
            var worker = Cluster.Fork(new Dictionary<string, string?> { ["PORT"] = $"{fixedPort}" });
            worker.MessageReceived += (_, e) =>
            {
                lock (ports)
                {
                    ports.Add(e.Message.Get<int[]>()!);
                }

                all.Hit();
            };
        }

        await all.Done.WithinPatience();

        // Shared any port, shared fixed port, any port of its own.
        Check.Equal(ports[0][0], ports[1][0]);
        Check.Equal(fixedPort, ports[0][1]);
        Check.Equal(fixedPort, ports[1][1]);
        Check.True(ports[0][2] != ports[1][2]);
        foreach (var worker in Cluster.Workers.Values)
        {
            worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        }

        await Cluster.BroadcastAsync("others are bound too");
        await Cluster.DisconnectAsync().WithinPatience();
    }

    internal override async Task WorkerAsync()
    {
        var port = int.Parse(Environment.GetEnvironmentVariable("PORT")!, System.Globalization.CultureInfo.InvariantCulture);
        var exclusive = new UdpOptions { Exclusive = true };
        using var shared = await Cluster.BindUdpAsync(Net.AnyPort);
        using var atFixed = await Cluster.BindUdpAsync(Net.Loopback(port));
        using var own = await Cluster.BindUdpAsync(Net.AnyPort, exclusive);
        var taken = await Check.ThrowsAsync<SocketException>(async () => await Cluster.BindUdpAsync(Net.Loopback(port), exclusive));
        Check.Equal(SocketError.AddressAlreadyInUse, taken.SocketErrorCode);
        await Cluster.Worker!.SendAsync((int[])[shared.Port(), atFixed.Port(), own.Port()]);
        await base.WorkerAsync();
    }
}

/// <summary>Known in Node, and here: a port that a worker got by asking for any is not shared with one that asks for it by number.</summary>
[NodeTest("test-dgram-bind-shared-ports-after-port-0")]
internal sealed class BindSharedPortsAfterAny : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var first = Cluster.Fork();
        var address = await first.WaitForListeningAsync().WithinPatience();
        var second = Cluster.Fork(new Dictionary<string, string?> { ["PORT"] = $"{address.Port}" });
        second.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e => Check.Equal("AddressAlreadyInUse", e.Message.Get<string>()));
        await Must.AllAsync();
        await Cluster.DisconnectAsync().WithinPatience();
    }

    internal override async Task WorkerAsync()
    {
        var port = int.Parse(Environment.GetEnvironmentVariable("PORT") ?? "0", System.Globalization.CultureInfo.InvariantCulture);
        try
        {
            using var socket = await Cluster.BindUdpAsync(Net.Loopback(port));
            await base.WorkerAsync();
        }
        catch (SocketException exception)
        {
            await Cluster.Worker!.SendAsync($"{exception.SocketErrorCode}");
            await base.WorkerAsync();
        }
    }
}
