using System.Net.Sockets;
using Prefork;

namespace ConformanceApp.Listening;

/// <summary>HTTP over a Unix path that a worker serves: there is no address, on neither side.</summary>
[NodeTest("test-cluster-http-pipe")]
internal sealed class HttpPipe : Scenario
{
    internal override async Task PrimaryAsync()
    {
        using var folder = new TemporaryFolder();
        var endPoint = new UnixDomainSocketEndPoint(folder.File("http"));
        var worker = Cluster.Fork(new Dictionary<string, string?> { ["PIPE"] = folder.File("http") });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        await worker.WaitForListeningAsync().WithinPatience();
        using var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, _) => new NetworkStream(await Net.ConnectAsync(endPoint), ownsSocket: true),
        });
        Check.Equal("OK", await client.GetStringAsync("http://localhost/").WithinPatience());
        worker.Disconnect();
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        await Net.ServeAsync(await Cluster.ListenAsync(new UnixDomainSocketEndPoint(Environment.GetEnvironmentVariable("PIPE")!)), async connection =>
        {
            Check.True(connection.RemoteEndPoint is UnixDomainSocketEndPoint);
            Check.True((await connection.HearAsync()).StartsWith("GET / HTTP/1.1\r\n", StringComparison.Ordinal));
            await connection.SayAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK");
            connection.Dispose();
        });
        await base.WorkerAsync();
    }
}

/// <summary>A worker that wants no more connections drops those that come, and knows of them.</summary>
[NodeTest("test-http-server-drop-connections-in-cluster")]
internal sealed class HttpDrop : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("drop", e => Check.Equal("drop", e.Message.Get<string>()));
        var address = await worker.WaitForListeningAsync().WithinPatience();
        using var client = await Net.ConnectAsync(Net.Loopback(address));
        Check.Equal("", await client.HearToEndAsync());
        await Must.AllAsync();
        await Cluster.DisconnectAsync().WithinPatience();
    }

    internal override async Task WorkerAsync()
    {
        await using var listener = await Cluster.ListenAsync(Net.AnyPort);
        await Net.ServeAsync(listener, async connection =>
        {
            connection.Dispose();
            await Cluster.Worker!.SendAsync("drop");
        });
        await base.WorkerAsync();
    }
}
