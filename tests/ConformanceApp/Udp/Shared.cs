using System.Net;
using System.Net.Sockets;
using Prefork;

namespace ConformanceApp.Udp;

/// <summary>Four workers on one UDP port: each gets its share when those before it have closed.</summary>
internal abstract class SharedDatagrams : Scenario
{
    private const int Workers = 4;
    private const int Each = 10;

    internal override async Task PrimaryAsync()
    {
        using var kept = Open();
        var address = Net.AnyPort;
        for (var i = 0; i < Workers; i++)
        {
            var worker = Cluster.Fork(new Dictionary<string, string?> { ["UDP_FD"] = kept is null ? null : $"{Cluster.OfferSocket(kept).Descriptor}" });
            worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>($"message of {worker.Id}", e =>
            {
                Check.Equal(Each, e.Message.Get<int>());
                worker.Disconnect();
            });
            worker.Exited += Must.Handle<WorkerExitedEventArgs>($"exit of {worker.Id}", e => Check.Equal(0, e.Exit.Code));
            var listening = await worker.WaitForListeningAsync().WithinPatience();
            Check.Equal(kept?.Port() ?? listening.Port, listening.Port);
            address = Net.Loopback(listening);
        }

        using var sender = Net.Udp(Net.AnyPort);
        for (var i = 0; i < Workers * Each; i++)
        {
            await sender.SendToAsync("hello world"u8.ToArray(), address);
        }

        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        var received = 0;
        using (var socket = await BindAsync())
        {
            var buffer = new byte[100];
            while (received < Each)
            {
                await socket.ReceiveAsync(buffer);
                received++;
            }
        }

        await Cluster.Worker!.SendAsync(received);
        await base.WorkerAsync();
    }

    private protected virtual Socket? Open() => null;

    private protected abstract ValueTask<Socket> BindAsync();
}

/// <summary>Any port, which they share.</summary>
[NodeTest("test-cluster-dgram-1")]
internal sealed class Datagrams : SharedDatagrams
{
    private protected override ValueTask<Socket> BindAsync() => Cluster.BindUdpAsync(Net.AnyPort);
}

/// <summary>A descriptor of the primary's.</summary>
[NodeTest("test-cluster-dgram-bind-fd")]
internal sealed class DatagramsByDescriptor : SharedDatagrams
{
    private protected override Socket Open() => Net.Udp(Net.AnyPort);

    private protected override ValueTask<Socket> BindAsync() => Cluster.BindUdpAsync(
        new FileDescriptorEndPoint(int.Parse(Environment.GetEnvironmentVariable("UDP_FD")!, System.Globalization.CultureInfo.InvariantCulture)));
}

/// <summary>Workers send from a port that they share, and leave together.</summary>
[NodeTest("test-cluster-dgram-2")]
internal sealed class DatagramsToThePrimary : Scenario
{
    private const int Workers = 4;
    private const int Each = 10;

    internal override async Task PrimaryAsync()
    {
        using var socket = Net.Udp(Net.AnyPort);
        for (var i = 0; i < Workers; i++)
        {
            var worker = Cluster.Fork(new Dictionary<string, string?> { ["PORT"] = $"{socket.Port()}" });
            worker.Exited += Must.Handle<WorkerExitedEventArgs>($"exit of {worker.Id}", e => Check.Equal((0, null), (e.Exit.Code, e.Exit.Signal)));
        }

        var buffer = new byte[100];
        for (var i = 0; i < Workers * Each; i++)
        {
            await socket.ReceiveAsync(buffer).WithinPatience();
        }

        await Cluster.DisconnectAsync().WithinPatience();
    }

    internal override async Task WorkerAsync()
    {
        var port = int.Parse(Environment.GetEnvironmentVariable("PORT")!, System.Globalization.CultureInfo.InvariantCulture);
        using var socket = await Cluster.BindUdpAsync(Net.AnyPort);
        for (var i = 0; i < Each; i++)
        {
            await socket.SendToAsync("hello world"u8.ToArray(), Net.Loopback(port));
        }

        await base.WorkerAsync();
    }
}

/// <summary>A socket that is only for IPv6 and one for IPv4 have the same port, in the same worker.</summary>
[NodeTest("test-cluster-dgram-ipv6only")]
internal sealed class DatagramsV6Only : Scenario
{
    internal override Task PrimaryAsync()
    {
        Cluster.Fork().Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        using (var socket6 = await Cluster.BindUdpAsync(new IPEndPoint(IPAddress.IPv6Any, 0), new UdpOptions { IPv6Only = true }))
        using (await Cluster.BindUdpAsync(new IPEndPoint(IPAddress.Any, socket6.Port())))
        {
            Cluster.Worker!.Disconnect();
        }

        await base.WorkerAsync();
    }
}

/// <summary>A worker may bind one port twice, if both say so.</summary>
[NodeTest("test-cluster-dgram-reuse")]
internal sealed class DatagramsReuse : Scenario
{
    internal override Task PrimaryAsync()
    {
        Cluster.Fork().Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        var reuse = new UdpOptions { ReuseAddress = true };
        using (var first = await Cluster.BindUdpAsync(Net.AnyPort, reuse))
        using (var second = await Cluster.BindUdpAsync(Net.Loopback(first.Port()), reuse))
        {
            Check.Equal(first.Port(), second.Port());
            Cluster.Worker!.Disconnect();
        }

        await base.WorkerAsync();
    }
}

/// <summary>Any port, closed, and any port again, in workers that do it at the same time.</summary>
[NodeTest("test-cluster-child-index-dgram")]
internal sealed class ChildIndexDatagrams : Scenario
{
    internal override Task PrimaryAsync()
    {
        for (var i = 0; i < 2; i++)
        {
            Cluster.Fork().Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        }

        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        for (var i = 0; i < 3 - Cluster.Worker!.Id; i++)
        {
            using (await Cluster.BindUdpAsync(new IPEndPoint(IPAddress.Any, 0)))
            {
            }
        }

        Cluster.Worker.Disconnect();
        await base.WorkerAsync();
    }
}

/// <summary>Closing as soon as it is bound, in three workers at once, is nobody's trouble.</summary>
[NodeTest("test-dgram-cluster-close-in-listening")]
internal sealed class CloseInListening : Scenario
{
    internal override Task PrimaryAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            Cluster.Fork().Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        }

        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        (await Cluster.BindUdpAsync(Net.AnyPort)).Dispose();
        Cluster.Worker!.Disconnect();
        await base.WorkerAsync();
    }
}

/// <summary>A bound socket keeps no process alive.</summary>
[NodeTest("test-dgram-unref-in-cluster")]
internal sealed class DatagramsUnref : Scenario
{
    internal override Task PrimaryAsync()
    {
        Cluster.Fork().Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync() => _ = await Cluster.BindUdpAsync(Net.AnyPort);
}
