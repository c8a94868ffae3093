using System.Net.Sockets;
using Prefork;

namespace ConformanceApp.Handles;

/// <summary>One socket on two messages, to a primary that has no handler for them: its client sees the end all the same.</summary>
[NodeTest("test-cluster-send-handle-twice")]
internal sealed class SendHandleTwice : Scenario
{
    internal override Task PrimaryAsync()
    {
        Cluster.Fork().Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal((0, null), (e.Exit.Code, e.Exit.Signal)));
        return Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        await using var listener = await Cluster.ListenAsync(Net.AnyPort);
        using var client = await Net.ConnectAsync(listener.LocalEndPoint);
        using (var server = (await listener.AcceptAsync())!)
        {
            await Cluster.Worker!.SendAsync("send-handle-1", server);
            await Cluster.Worker.SendAsync("send-handle-2", server);
        }

        client.Shutdown(SocketShutdown.Send);
        Check.Equal("", await client.HearToEndAsync());
        Cluster.Worker.Disconnect();
        await base.WorkerAsync();
    }
}
