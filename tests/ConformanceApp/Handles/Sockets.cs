using System.Net.Sockets;
using Prefork;

namespace ConformanceApp.Handles;

/// <summary>A client's connection goes from the worker to the primary, with all that comes on it and its end.</summary>
[NodeTest("test-cluster-net-send")]
internal sealed class NetSend : Scenario
{
    internal override Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.MessageReceived += Must.HandleAsync<WorkerMessageEventArgs>("message", async e =>
        {
            Check.Equal("handle", e.Message.Get<string>());
            using var socket = e.Message.TakeSocket()!;
            await socket.SayAsync("hello");
            Check.Equal("", await socket.HearToEndAsync());
        });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        using var listener = Net.Listen(Net.AnyPort);
        using var accepted = listener.AcceptAsync().ContinueWith(task => task.Result, TaskScheduler.Default);
        var client = await Net.ConnectAsync(listener.LocalEndPoint!);
        var server = await accepted;
        await Cluster.Worker!.SendAsync("handle", client);
        client.Dispose();
        Check.Equal("hello", await server.HearAsync());
        server.Dispose();
    }
}

/// <summary>Handles cross in both directions at the same time: the answers to them pass what waits.</summary>
[NodeTest("test-cluster-send-deadlock")]
internal sealed class SendDeadlock : Scenario
{
    private const int Connections = 2;

    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal((0, null), (e.Exit.Code, e.Exit.Signal)));
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("reply", e => e.Message.TakeSocket()!.Dispose(), Connections);
        using var server = Net.Listen(Net.AnyPort);
        await worker.SendAsync($"{server.Port()}");
        for (var i = 0; i < Connections; i++)
        {
            using var socket = await server.AcceptAsync().WithinPatience();
            await worker.SendAsync("handle", socket);
        }

        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        var clients = new TaskCompletionSource<Socket[]>();
        var replies = Must.Call("reply", Connections);
        Cluster.Worker!.MessageReceived += async (_, e) =>
        {
            if (e.Message.TakeSocket() is { } socket)
            {
                await Cluster.Worker.SendAsync("reply", socket);
                socket.Dispose();
                replies.Hit();
                return;
            }

            var port = int.Parse(e.Message.Get<string>()!, System.Globalization.CultureInfo.InvariantCulture);
            clients.SetResult(await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Net.ConnectAsync(Net.Loopback(port)))));
        };
        foreach (var client in await clients.Task)
        {
            Check.Equal("", await client.HearToEndAsync());
        }

        await replies.Done.WithinPatience();
        Cluster.Worker.Disconnect();
        await base.WorkerAsync();
    }
}

/// <summary>Connections that the primary accepted are served by the worker as if it had accepted them.</summary>
internal abstract class SocketsToWorkers(int workers, int connections) : Scenario
{
    internal override async Task PrimaryAsync()
    {
        using var server = Net.Listen(Net.AnyPort);
        var all = Enumerable.Range(0, workers).Select(_ => Cluster.Fork()).ToList();
        foreach (var worker in all)
        {
            worker.Exited += Must.Handle<WorkerExitedEventArgs>($"exit of {worker.Id}", e => Check.Equal(0, e.Exit.Code));
        }

        var clients = new List<Socket>();
        for (var i = 0; i < connections; i++)
        {
            clients.Add(await Net.ConnectAsync(server.LocalEndPoint!));
            using var accepted = await server.AcceptAsync().WithinPatience();
            await all[i % workers].SendAsync("socket", accepted);
        }

        for (var i = 0; i < connections; i++)
        {
            await clients[i].SayAsync("question");
            Check.Equal($"answer of {all[i % workers].Id}", await clients[i].HearToEndAsync());
            clients[i].Dispose();
        }

        await Cluster.DisconnectAsync().WithinPatience();
    }

    internal override Task WorkerAsync()
    {
        Cluster.Worker!.MessageReceived += async (_, e) =>
        {
            using var socket = e.Message.TakeSocket()!;
            Check.Equal("question", await socket.HearAsync());
            await socket.SayAsync($"answer of {Cluster.Worker.Id}");
        };
        return base.WorkerAsync();
    }
}

/// <summary>One.</summary>
[NodeTest("test-child-process-fork-net-socket")]
internal sealed class OneSocket() : SocketsToWorkers(workers: 1, connections: 1);

/// <summary>For a server of the worker's: there is no server to be set, the program serves it.</summary>
[NodeTest("test-cluster-send-socket-to-worker-http-server")]
internal sealed class SocketToServer() : SocketsToWorkers(workers: 1, connections: 1);

/// <summary>Twelve, to three workers.</summary>
[NodeTest("test-child-process-fork-net")]
internal sealed class ManySockets() : SocketsToWorkers(workers: 3, connections: 12);

/// <summary>One each, to many workers at once.</summary>
[NodeTest("test-child-process-pass-fd")]
internal sealed class SocketsToMany() : SocketsToWorkers(workers: 12, connections: 12);

/// <summary>The primary keeps what it sends, if it wants: both write to the same client.</summary>
[NodeTest("test-child-process-send-keep-open")]
internal sealed class KeepOpen : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        using var server = Net.Listen(Net.AnyPort);
        using var client = await Net.ConnectAsync(server.LocalEndPoint!);
        var accepted = await server.AcceptAsync().WithinPatience();
        await worker.SendAsync("socket", accepted);
        Check.Equal("from worker", await client.HearAsync());
        await accepted.SayAsync("from primary");
        Check.Equal("from primary", await client.HearAsync());
        accepted.Dispose();
        worker.Disconnect();
        Check.Equal(0, (await worker.WaitForExitAsync().WithinPatience()).Code);
        Check.Equal("", await client.HearToEndAsync());
    }

    internal override Task WorkerAsync()
    {
        Cluster.Worker!.MessageReceived += Must.HandleAsync<ClusterMessageEventArgs>(
            "message", async e => await e.Message.TakeSocket()!.SayAsync("from worker"));
        return base.WorkerAsync();
    }
}

/// <summary>A listening socket goes over, and both processes accept from it.</summary>
internal abstract class ListenerToWorker : Scenario
{
    internal override async Task PrimaryAsync()
    {
        Cluster.Listening += Must.Never<WorkerListeningEventArgs>("listening");
        using var server = Net.Listen(Net.AnyPort);
        var worker = Cluster.Fork();
        var ready = Must.Call("ready");
        worker.MessageReceived += (_, _) => ready.Hit();
        await worker.SendAsync("server", server);
        await ready.Done.WithinPatience();
        using (var first = await Net.ConnectAsync(server.LocalEndPoint!))
        {
            Check.Equal("worker", await first.HearToEndAsync());
        }

        // The worker takes one and no more: the next is the primary's.
        using var second = await Net.ConnectAsync(server.LocalEndPoint!);
        (await server.AcceptAsync().WithinPatience()).Dispose();
        Check.Equal("", await second.HearToEndAsync());
        worker.Disconnect();
        Check.Equal(0, (await worker.WaitForExitAsync().WithinPatience()).Code);
    }

    internal override async Task WorkerAsync()
    {
        Cluster.Worker!.MessageReceived += Must.HandleAsync<ClusterMessageEventArgs>("message", async e =>
        {
            using var server = e.Message.TakeSocket()!;
            await Cluster.Worker.SendAsync("ready");
            using var connection = await server.AcceptAsync();
            await connection.SayAsync("worker");
        });
        await base.WorkerAsync();
    }
}

/// <summary>Between a parent and its child.</summary>
[NodeTest("test-child-process-fork-net-server")]
internal sealed class NetServer : ListenerToWorker;

/// <summary>In a worker, without a word to the primary about listening.</summary>
[NodeTest("test-net-listen-handle-in-cluster-1")]
internal sealed class ListenHandleSent : ListenerToWorker;

/// <summary>A listening socket of the worker's own is the worker's own.</summary>
[NodeTest("test-net-listen-handle-in-cluster-2")]
internal sealed class ListenHandleOwn : Scenario
{
    internal override Task PrimaryAsync()
    {
        Cluster.Listening += Must.Never<WorkerListeningEventArgs>("listening");
        Cluster.Fork().Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        using var own = Net.Listen(Net.AnyPort);
        using var client = await Net.ConnectAsync(own.LocalEndPoint!);
        (await own.AcceptAsync()).Dispose();
        Check.Equal("", await client.HearToEndAsync());
    }
}

/// <summary>A UDP socket goes over, and both processes receive from it.</summary>
[NodeTest("test-child-process-fork-dgram")]
internal sealed class DatagramSocket : Scenario
{
    internal override async Task PrimaryAsync()
    {
        using var socket = Net.Udp(Net.AnyPort);
        using var client = Net.Udp(Net.AnyPort);
        var worker = Cluster.Fork();
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", _ => { });
        await worker.SendAsync("server", socket);
        await client.SendToAsync("for the worker"u8.ToArray(), socket.LocalEndPoint!);
        await Must.AllAsync();

        // The worker has closed its copy.
        await client.SendToAsync("for the primary"u8.ToArray(), socket.LocalEndPoint!);
        Check.Equal("for the primary", await socket.HearAsync());
        worker.Disconnect();
        Check.Equal(0, (await worker.WaitForExitAsync().WithinPatience()).Code);
    }

    internal override Task WorkerAsync()
    {
        Cluster.Worker!.MessageReceived += Must.HandleAsync<ClusterMessageEventArgs>("message", async e =>
        {
            using (var socket = e.Message.TakeSocket()!)
            {
                Check.Equal("for the worker", await socket.HearAsync());
            }

            await Cluster.Worker.SendAsync("received");
        });
        return base.WorkerAsync();
    }
}
