using System.Net;
using Prefork;

namespace ConformanceApp.Listening;

/// <summary>A listen on any port is told with the port that it got.</summary>
[NodeTest("test-cluster-listening-port")]
internal sealed class ListeningPort : Scenario
{
    internal override Task PrimaryAsync()
    {
        Cluster.Fork();
        Cluster.Listening += Must.Handle<WorkerListeningEventArgs>("listening", e =>
        {
            Check.True(e.Address.Port > 0);
            Check.Equal("127.0.0.1", e.Address.Address);
            e.Worker.Kill();
        });
        Cluster.Exited += Must.Handle<WorkerExitedEventArgs>("exit", _ => { });
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        await using var listener = await Cluster.ListenAsync(Net.AnyPort);
        await base.WorkerAsync();
    }
}

/// <summary>Without an address and a port, both are the cluster's choice.</summary>
[NodeTest("test-cluster-net-listen")]
internal sealed class NetListen : Scenario
{
    internal override Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        await using (await Cluster.ListenAsync(0))
        {
            Cluster.Worker!.Disconnect();
        }

        await base.WorkerAsync();
    }
}

/// <summary>The queue's length that the worker asks for is the kernel's.</summary>
[NodeTest("test-cluster-net-listen-backlog")]
internal sealed class NetListenBacklog : Scenario
{
    private const int Backlog = 127;

    internal override async Task PrimaryAsync()
    {
        Cluster.SchedulingPolicy = SchedulingPolicy.RoundRobin;
        var worker = Cluster.Fork();
        var address = await worker.WaitForListeningAsync();
        Check.Equal(Backlog, Kernel.Backlog(address.Port));
        worker.Disconnect();
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
    }

    internal override async Task WorkerAsync()
    {
        await using var listener = await Cluster.ListenAsync(Net.AnyPort, new ListenOptions { Backlog = Backlog });
        await base.WorkerAsync();
    }
}

/// <summary>The address that means all of both families serves both, and every worker says the same of it.</summary>
[NodeTest("test-cluster-net-listen-ipv6only-false")]
internal sealed class DualStack : Scenario
{
    private const int Workers = 3;

    internal override async Task PrimaryAsync()
    {
        var addresses = new List<ListeningAddress>();
        Cluster.Listening += Must.Handle<WorkerListeningEventArgs>("listening", e => addresses.Add(e.Address), times: Workers);
        for (var i = 0; i < Workers; i++)
        {
            Cluster.Fork();
        }

        await Must.AllAsync();
        Check.Equal(1, addresses.Distinct().Count());
        Check.Equal("::", addresses[0].Address);
        Check.Equal("6", addresses[0].AddressType);
        foreach (var address in (IPAddress[])[IPAddress.Loopback, IPAddress.IPv6Loopback])
        {
            using var client = await Net.ConnectAsync(new IPEndPoint(address, addresses[0].Port));
            Check.Equal("", await client.HearToEndAsync());
        }
    }

    internal override async Task WorkerAsync()
    {
        await Net.ServeAsync(await Cluster.ListenAsync(new IPEndPoint(IPAddress.IPv6Any, 0)), Net.CloseAsync);
        await base.WorkerAsync();
    }
}

/// <summary>IPv6 alone: the same port is free for IPv4 and nobody else's for IPv6, under either policy.</summary>
internal abstract class V6Only(Func<SchedulingPolicy> policy) : Scenario
{
    private const int Workers = 2;

    internal override async Task PrimaryAsync()
    {
        Cluster.SchedulingPolicy = policy();
        var addresses = new List<ListeningAddress>();
        var listening = Must.Call("listening", Workers);
        Cluster.Listening += (_, e) =>
        {
            addresses.Add(e.Address);
            listening.Hit();
        };
        for (var i = 0; i < Workers; i++)
        {
            Cluster.Fork().Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        }

        await listening.Done.WithinPatience();
        Check.Equal(1, addresses.Distinct().Count());
        Check.Equal("6", addresses[0].AddressType);
        using (Net.Listen(new IPEndPoint(IPAddress.Any, addresses[0].Port)))
        {
            await Cluster.DisconnectAsync().WithinPatience();
        }
    }

    internal override async Task WorkerAsync()
    {
        await using var listener = await Cluster.ListenAsync(new IPEndPoint(IPAddress.IPv6Any, 0), new ListenOptions { IPv6Only = true });
        await base.WorkerAsync();
    }
}

/// <summary>Shared.</summary>
[NodeTest("test-cluster-net-listen-ipv6only-none")]
internal sealed class V6OnlyShared() : V6Only(() => SchedulingPolicy.Shared);

/// <summary>Round robin.</summary>
[NodeTest("test-cluster-net-listen-ipv6only-rr")]
internal sealed class V6OnlyRoundRobin() : V6Only(() => SchedulingPolicy.RoundRobin);

/// <summary>Any port, closed, and any port again, in workers that do it at the same time.</summary>
[NodeTest("test-cluster-child-index-net")]
internal sealed class ChildIndexNet : Scenario
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
        if (Cluster.Worker!.Id == 1)
        {
            await using (await Cluster.ListenAsync(0))
            {
            }

            await using (await Cluster.ListenAsync(0))
            {
            }
        }
        else
        {
            await using (await Cluster.ListenAsync(0))
            {
            }
        }

        Cluster.Worker.Disconnect();
        await base.WorkerAsync();
    }
}

/// <summary>Shared: a worker closes and listens again while another has the port.</summary>
[NodeTest("test-cluster-server-restart-none")]
internal sealed class ServerRestart : Scenario
{
    internal override async Task PrimaryAsync()
    {
        Cluster.SchedulingPolicy = SchedulingPolicy.Shared;
        var first = Cluster.Fork();
        first.Exited += Must.Handle<WorkerExitedEventArgs>("exit of the first", e => Check.Equal((0, null), (e.Exit.Code, e.Exit.Signal)));
        await first.WaitForListeningAsync();
        var second = Cluster.Fork();
        second.Exited += Must.Handle<WorkerExitedEventArgs>("exit of the second", e =>
        {
            Check.Equal((0, null), (e.Exit.Code, e.Exit.Signal));
            first.Disconnect();
        });
    }

    internal override async Task WorkerAsync()
    {
        var listener = await Cluster.ListenAsync(0);
        if (Cluster.Worker!.Id == 2)
        {
            await listener.DisposeAsync();
            await (await Cluster.ListenAsync(0)).DisposeAsync();
            Cluster.Worker.Disconnect();
        }

        await base.WorkerAsync();
    }
}

/// <summary>Each worker that listens for itself has a port of its own.</summary>
[NodeTest("test-net-listen-exclusive-random-ports")]
internal sealed class ExclusiveRandomPorts : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var ports = new List<int>();
        for (var i = 0; i < 2; i++)
        {
            var worker = Cluster.Fork();
            worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e => ports.Add(e.Message.Get<int>()));
        }

        await Must.AllAsync();
        Check.True(ports[0] != ports[1]);
        Check.True(ports.TrueForAll(port => port > 0));
    }

    internal override async Task WorkerAsync()
    {
        await using var listener = await Cluster.ListenAsync(0, new ListenOptions { Exclusive = true });
        await Cluster.Worker!.SendAsync(listener.Port());
        await base.WorkerAsync();
    }
}

/// <summary>The descriptor is the primary's, and all workers accept from it.</summary>
[NodeTest("test-listen-fd-cluster")]
internal sealed class ListenDescriptor : Scenario
{
    internal override async Task PrimaryAsync()
    {
        using var socket = Net.Listen(Net.AnyPort);
        var worker = Cluster.Fork(new Dictionary<string, string?> { ["LISTEN_FD"] = $"{Cluster.OfferSocket(socket).Descriptor}" });
        var address = await worker.WaitForListeningAsync().WithinPatience();
        Check.Equal((int)socket.Handle, address.Descriptor);
        using var client = await Net.ConnectAsync(socket.LocalEndPoint!);
        Check.Equal("hello from worker", await client.HearToEndAsync());
        await Cluster.DisconnectAsync().WithinPatience();
    }

    internal override async Task WorkerAsync()
    {
        var number = int.Parse(Environment.GetEnvironmentVariable("LISTEN_FD")!, System.Globalization.CultureInfo.InvariantCulture);
        await Net.ServeAsync(await Cluster.ListenAsync(new FileDescriptorEndPoint(number)), async connection =>
        {
            await connection.SayAsync("hello from worker");
            connection.Dispose();
        });
        await base.WorkerAsync();
    }
}
