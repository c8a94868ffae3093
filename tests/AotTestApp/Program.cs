using System.Net;
using System.Net.Sockets;
using System.Text.Json.Serialization;
using Prefork;

// Published ahead of time and run: the cluster works without a JIT, and the publish has no warning.
if (Cluster.IsWorker)
{
    await using var listener = await Cluster.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0));
    await Cluster.Worker!.SendAsync(new Greeting($"{listener.LocalEndPoint}"), AotJson.Default.Greeting);
    while (await listener.AcceptAsync() is { } connection)
    {
        connection.Send("hello from aot\n"u8);
        connection.Dispose();
    }

    await Cluster.Worker.WaitForDisconnectAsync();
    return 0;
}

var heard = new TaskCompletionSource<string>();
Cluster.MessageReceived += (_, e) => heard.TrySetResult(e.Message.Get(AotJson.Default.Greeting)!.Text);
var worker = Cluster.Fork();
var endPoint = IPEndPoint.Parse(await heard.Task.WaitAsync(TimeSpan.FromSeconds(20)));
using var client = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
await client.ConnectAsync(endPoint);
using var reader = new StreamReader(new NetworkStream(client));
Console.WriteLine(await reader.ReadLineAsync());
await Cluster.DisconnectAsync().WaitAsync(TimeSpan.FromSeconds(20));
var exit = await worker.WaitForExitAsync();
Console.WriteLine($"worker ended by {exit}");
return exit is { Code: 0, Asked: true } ? 0 : 1;

internal sealed record Greeting(string Text);

[JsonSerializable(typeof(Greeting))]
internal sealed partial class AotJson : JsonSerializerContext;
