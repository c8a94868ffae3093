using Prefork;

namespace ConformanceApp.Workers;

/// <summary>Messages go both ways, the cluster's event says from whom, and a client gets its answer through the worker.</summary>
[NodeTest("test-cluster-message")]
internal sealed class Message : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        var listening = Must.Call("message 'listening' on the worker");
        Cluster.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message on the cluster", e => Check.Equal(worker, e.Worker), times: 2);
        worker.MessageReceived += Must.HandleAsync<WorkerMessageEventArgs>(
            "message on the worker",
            async e =>
            {
                var text = e.Message.Get<string>()!;
                if (text.StartsWith("listening ", StringComparison.Ordinal))
                {
                    listening.Hit();
                    using var client = await Net.ConnectAsync(Net.Loopback(int.Parse(text.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)));
                    await worker.SendAsync("message from primary");
                    Check.Equal("message from primary", await client.HearAsync());
                    await client.SayAsync("message from client");
                    await client.HearToEndAsync();
                }
                else
                {
                    Check.Equal("message from client", text);
                    worker.Kill();
                }
            },
            times: 2);
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(Signal.SIGTERM, e.Exit.Signal));
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        var heard = new TaskCompletionSource<string>();
        Cluster.Worker!.MessageReceived += (_, e) => heard.SetResult(e.Message.Get<string>()!);
        await using var listener = await Cluster.ListenAsync(Net.AnyPort);
        await Cluster.Worker.SendAsync($"listening {listener.Port()}");
        using var connection = (await listener.AcceptAsync())!;
        await connection.SayAsync(await heard.Task);
        await Cluster.Worker.SendAsync(await connection.HearAsync());
        await base.WorkerAsync();
    }
}

/// <summary>A worker's messages come back to it as they went; nothing that happens on the way is an error.</summary>
[NodeTest("test-cluster-worker-events")]
internal sealed class WorkerEvents : Scenario
{
    internal override Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        var count = 0;
        worker.Error += Must.Never<WorkerErrorEventArgs>("error");
        worker.MessageReceived += Must.HandleAsync<WorkerMessageEventArgs>(
            "message",
            async e =>
            {
                Check.Equal("SOME MESSAGE", e.Message.Get<string>());
                if (++count == 2)
                {
                    await worker.SendAsync("exit");
                }
            },
            times: 2);
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        return worker.SendAsync("SOME MESSAGE").AsTask();
    }

    internal override async Task WorkerAsync()
    {
        var ended = new TaskCompletionSource();
        var worker = Cluster.Worker!;

        // Both listeners of the one event hear everything.
        for (var i = 0; i < 2; i++)
        {
            var first = i == 0;
            worker.MessageReceived += async (_, e) =>
            {
                if (e.Message.Get<string>() is not "exit" and var text)
                {
                    await worker.SendAsync(text);
                }
                else if (first)
                {
                    ended.SetResult();
                }
            };
        }

        await ended.Task;
    }
}

/// <summary>A user's message that looks internal, and answers nothing, is ignored.</summary>
[NodeTest("test-cluster-invalid-message")]
internal sealed class InvalidMessage : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        Cluster.Error += Must.Never<WorkerErrorEventArgs>("error");
        await worker.WaitForOnlineAsync();
        await worker.SendAsync(new { cmd = "NODE_CLUSTER", ack = -1 });
        worker.Disconnect();
    }

    internal override Task WorkerAsync()
    {
        Cluster.Worker!.MessageReceived += Must.Never<ClusterMessageEventArgs>("message");
        return base.WorkerAsync();
    }
}
