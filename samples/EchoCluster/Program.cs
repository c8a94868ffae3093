using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Prefork;

if (Cluster.IsPrimary)
{
    Console.WriteLine($"Primary {Environment.ProcessId} is running");
    Cluster.Exited += (_, e) =>
    {
        Console.WriteLine($"worker {e.Worker.Process.Id} died");
        if (!e.Exit.Asked)
        {
            Cluster.Fork();
        }
    };

    var workers = int.Parse(Environment.GetEnvironmentVariable("WORKERS") ?? $"{Environment.ProcessorCount}", CultureInfo.InvariantCulture);
    for (var i = 0; i < workers; i++)
    {
        Cluster.Fork();
    }

    await Cluster.WaitForShutdownAsync();
    return;
}

var port = int.Parse(Environment.GetEnvironmentVariable("PORT") ?? "8000", CultureInfo.InvariantCulture);
await using var listener = await Cluster.ListenAsync(new IPEndPoint(IPAddress.Loopback, port));
Console.WriteLine($"Worker {Environment.ProcessId} started");

// Null when this worker is asked to leave; the channel closes when the last connection has.
while (await listener.AcceptAsync() is { } connection)
{
    _ = Task.Run(() => EchoAsync(connection));
}

await Cluster.Worker!.WaitForDisconnectAsync();

static async Task EchoAsync(Socket connection)
{
    using var stream = new NetworkStream(connection, ownsSocket: true);
    try
    {
        await stream.CopyToAsync(stream);
    }
    catch (IOException)
    {
        // The client went away.
    }
}
