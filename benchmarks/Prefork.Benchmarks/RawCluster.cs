using System.Net;
using System.Net.Sockets;

namespace Prefork.Benchmarks;

/// <summary>Workers that serve raw connections: the primary says "ready" when all listen, forks again after a death, and ends all on SIGTERM.</summary>
internal static class RawCluster
{
    public static Task RunAsync(int port, int workers, Action<Socket> serve) =>
        Cluster.IsPrimary ? RunPrimaryAsync(workers) : RunWorkerAsync(port, serve);

    private static async Task RunPrimaryAsync(int workers)
    {
        var listening = 0;
        Cluster.Listening += (_, _) =>
        {
            if (Interlocked.Increment(ref listening) == workers)
            {
                Console.WriteLine("ready");
            }
        };
        Cluster.Exited += (_, e) =>
        {
            if (e.Worker.ExitedAfterDisconnect is not true)
            {
                Cluster.Fork();
            }
        };
        for (var i = 0; i < workers; i++)
        {
            Cluster.Fork();
        }
        await Cluster.WaitForShutdownAsync();
    }

    private static async Task RunWorkerAsync(int port, Action<Socket> serve)
    {
        await using var listener = await Cluster.ListenAsync(new IPEndPoint(IPAddress.Loopback, port));
        while (await listener.AcceptAsync() is { } connection)
        {
            serve(connection);
        }
    }
}
