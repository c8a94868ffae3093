using System.Net;
using System.Net.Sockets;
using Prefork;

namespace ConformanceApp.Listening;

/// <summary>Out of descriptors in the midst of accepting: the primary and its listener go on when there are some again.</summary>
[NodeTest("test-cluster-accept-fail")]
internal sealed class AcceptFails : Scenario
{
    internal override async Task PrimaryAsync()
    {
        Cluster.SchedulingPolicy = SchedulingPolicy.RoundRobin;
        var worker = Cluster.Fork();
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        var address = await worker.WaitForListeningAsync().WithinPatience();

        // All that will be needed below exists before the last descriptor is taken.
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = true };
        await client.ConnectAsync(Net.Loopback(address)).WithinPatience();
        Check.Equal("served", await client.HearAsync());
        using var second = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = true };
        _ = second.ReceiveTimeout;
        var taken = Kernel.ExhaustDescriptors();
        second.Connect(Net.Loopback(address));
        second.ReceiveTimeout = 300;
        var buffer = new byte[16];
        Check.Throws<SocketException>(() => second.Receive(buffer));
        taken.ForEach(handle => handle.Dispose());
        second.ReceiveTimeout = 20_000;
        Check.Equal(6, second.Receive(buffer));
        client.Dispose();
        second.Dispose();
        worker.Disconnect();
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        await Net.ServeAsync(await Cluster.ListenAsync(Net.AnyPort), async connection =>
        {
            await connection.SayAsync("served");
            await connection.HearToEndAsync();
            connection.Dispose();
        });
        await base.WorkerAsync();
    }
}

/// <summary>A listener that is closed before the primary has answered opens for nobody, and the primary hears that it is closed.</summary>
[NodeTest("test-net-server-close-before-ipc-response")]
internal sealed class CloseBeforeReply : Scenario
{
    internal override async Task PrimaryAsync()
    {
        for (var i = 0; i < 2; i++)
        {
            var worker = Cluster.Fork();
            Check.Equal(0, (await worker.WaitForExitAsync().WithinPatience()).Code);
        }
    }

    internal override async Task WorkerAsync()
    {
        using var cancellation = new CancellationTokenSource();
        var listening = Cluster.ListenAsync(0, cancellationToken: cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Check.ThrowsAsync<OperationCanceledException>(() => listening);

        // Nothing of it holds the worker up.
        Cluster.Worker!.Disconnect();
        await base.WorkerAsync();
    }
}

/// <summary>A listen that was given up, and another for the same at once: there is one listener.</summary>
[NodeTest("test-net-listen-twice")]
internal sealed class ListenTwice : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", _ => worker.Disconnect());
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        using var cancellation = new CancellationTokenSource();
        var given = Cluster.ListenAsync(0, cancellationToken: cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Check.ThrowsAsync<OperationCanceledException>(() => given);
        await using var listener = await Cluster.ListenAsync(0);
        await Cluster.Worker!.SendAsync(listener.Port());
        await base.WorkerAsync();
    }
}

/// <summary>The same for a UDP socket that cannot be bound: whoever closed it hears no error.</summary>
[NodeTest("test-dgram-bind-socket-close-before-cluster-reply")]
internal sealed class UdpCloseBeforeError : Scenario
{
    internal override async Task PrimaryAsync()
    {
        using var taken = Net.Udp(Net.AnyPort);
        var worker = Cluster.Fork(new Dictionary<string, string?> { ["PORT"] = $"{taken.Port()}" });
        Check.Equal(0, (await worker.WaitForExitAsync().WithinPatience()).Code);
    }

    internal override async Task WorkerAsync()
    {
        var port = int.Parse(Environment.GetEnvironmentVariable("PORT")!, System.Globalization.CultureInfo.InvariantCulture);
        using var cancellation = new CancellationTokenSource();
        var binding = Cluster.BindUdpAsync(Net.Loopback(port), cancellationToken: cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Check.ThrowsAsync<OperationCanceledException>(() => binding);
        Cluster.Worker!.Disconnect();
        await base.WorkerAsync();
    }
}

/// <summary>And for one that can: what comes for it is closed, and the port is free.</summary>
[NodeTest("test-dgram-cluster-close-during-bind")]
internal sealed class UdpCloseDuringBind : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e =>
        {
            Net.Udp(Net.Loopback(e.Message.Get<int>())).Dispose();
            worker.Disconnect();
        });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        int port;
        using (var probe = Net.Udp(Net.AnyPort))
        {
            port = probe.Port();
        }

        using var cancellation = new CancellationTokenSource();
        var binding = Cluster.BindUdpAsync(Net.Loopback(port), cancellationToken: cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Check.ThrowsAsync<OperationCanceledException>(() => binding);

        // Order is kept: when another has opened and closed, the primary has closed the first too.
        (await Cluster.BindUdpAsync(Net.AnyPort)).Dispose();
        await Cluster.Worker!.SendAsync(port);
        await base.WorkerAsync();
    }
}

/// <summary>An error of the primary's is an exception of the bind; afterwards it can be bound.</summary>
[NodeTest("test-dgram-cluster-bind-error")]
internal sealed class UdpBindError : Scenario
{
    internal override async Task PrimaryAsync()
    {
        using var taken = Net.Udp(Net.AnyPort);
        var worker = Cluster.Fork(new Dictionary<string, string?> { ["PORT"] = $"{taken.Port()}" });
        worker.MessageReceived += Must.HandleAsync<WorkerMessageEventArgs>("message", async e =>
        {
            Check.Equal("AddressAlreadyInUse", e.Message.Get<string>());
            taken.Dispose();
            await worker.SendAsync("free");
        });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        var free = new TaskCompletionSource();
        Cluster.Worker!.MessageReceived += (_, _) => free.SetResult();
        var endPoint = new IPEndPoint(IPAddress.Loopback, int.Parse(Environment.GetEnvironmentVariable("PORT")!, System.Globalization.CultureInfo.InvariantCulture));
        var exception = await Check.ThrowsAsync<SocketException>(async () => await Cluster.BindUdpAsync(endPoint));
        await Cluster.Worker.SendAsync($"{exception.SocketErrorCode}");
        await free.Task;
        using var socket = await Cluster.BindUdpAsync(endPoint);
        Cluster.Worker.Disconnect();
        await base.WorkerAsync();
    }
}
