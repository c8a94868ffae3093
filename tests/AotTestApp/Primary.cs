using System.Net;
using System.Net.Sockets;
using Prefork;

namespace AotTestApp;

/// <summary>Forks one worker of each kind, asks each once, and lets them go.</summary>
internal static class Primary
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    internal static async Task<int> RunAsync()
    {
        var (sockets, address) = await ForkAsync("sockets");
        var (web, url) = await ForkAsync("web");
        var hello = await ReadLineAsync(IPEndPoint.Parse(address));
        using var client = new HttpClient { Timeout = s_patience };
        var page = await client.GetStringAsync($"http://{url}/");
        Console.WriteLine($"{hello}, {page}");
        await Cluster.DisconnectAsync().WaitAsync(s_patience);
        var exits = new[] { await sockets.WaitForExitAsync(), await web.WaitForExitAsync() };
        Console.WriteLine($"workers ended by {exits[0]} and {exits[1]}");
        return hello == "hello from aot" && page == "hello from worker 2" && exits.All(exit => exit is { Code: 0, Asked: true }) ? 0 : 1;
    }

    private static async Task<(WorkerProcess Worker, string Address)> ForkAsync(string kind)
    {
        var heard = new TaskCompletionSource<string>();
        var worker = Cluster.Fork(new Dictionary<string, string?> { ["KIND"] = kind });
        worker.MessageReceived += (_, e) => heard.TrySetResult(e.Message.Get(AotJson.Default.Greeting)!.Text);
        return (worker, await heard.Task.WaitAsync(s_patience));
    }

    private static async Task<string?> ReadLineAsync(IPEndPoint endPoint)
    {
        using var client = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(endPoint);
        using var reader = new StreamReader(new NetworkStream(client));
        return await reader.ReadLineAsync().WaitAsync(s_patience);
    }
}
