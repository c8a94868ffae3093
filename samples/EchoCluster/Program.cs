using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Prefork;

if (Cluster.IsPrimary)
{
    Console.WriteLine($"Primary {Environment.ProcessId} is running");
    var works = false;
    using var failed = new CancellationTokenSource();
    Cluster.Listening += (_, _) => works = true;
    Cluster.Exited += (_, e) =>
    {
        Console.WriteLine($"worker {e.Worker.Process.Id} died");
        if (works && !e.Exit.Asked)
        {
            Cluster.Fork();
        }
        else if (!e.Exit.Asked)
        {
            failed.Cancel(); // none has listened yet: the next one would fare no better
        }
    };

    var workers = int.Parse(Environment.GetEnvironmentVariable("WORKERS") ?? $"{Environment.ProcessorCount}", CultureInfo.InvariantCulture);
    for (var i = 0; i < workers; i++)
    {
        Cluster.Fork();
    }

    await Cluster.WaitForShutdownAsync(failed.Token);
    return failed.IsCancellationRequested ? 1 : 0;
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
return 0;

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
