using System.Net;
using System.Net.Sockets;
using Prefork;

namespace ClusterApp;

/// <summary>Whole lives of real workers, a few at a time: each listens on a port and on a path, serves on both, and ends in one of the ways there are.</summary>
internal sealed class Lives(string folder)
{
    private const int AtOnce = 4;

    internal async Task RunAsync(int count)
    {
        for (var begun = 0; begun < count; begun += AtOnce)
        {
            await Task.WhenAll(Enumerable.Range(begun, Math.Min(AtOnce, count - begun)).Select(LiveAsync));
        }
    }

    private async Task LiveAsync(int number)
    {
        var worker = Cluster.Fork();
        var addresses = new List<ListeningAddress>();
        var listens = new TaskCompletionSource();
        worker.Listening += (_, e) =>
        {
            addresses.Add(e.Address);
            if (addresses.Count == 2)
            {
                listens.SetResult();
            }
        };
        await worker.SendAsync("listen a 127.0.0.1:0");
        await worker.SendAsync($"listen b unix:{folder}/{number % 3}.sock");
        await listens.Task;
        foreach (var address in addresses)
        {
            await ConnectAsync(address);
        }

        await EndAsync(worker, number, addresses);
        await worker.WaitForExitAsync();
    }

    /// <summary>To one of those that listen there, which may be about to end.</summary>
    private static async Task ConnectAsync(ListeningAddress address)
    {
        EndPoint endPoint = address.Address!.StartsWith('/') ? new UnixDomainSocketEndPoint(address.Address) : new IPEndPoint(IPAddress.Loopback, address.Port);
        using var client = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await client.ConnectAsync(endPoint);
            _ = await client.ReceiveAsync(new byte[64]);
        }
        catch (SocketException)
        {
            // It has ended.
        }
    }

    private static async Task EndAsync(WorkerProcess worker, int number, List<ListeningAddress> addresses)
    {
        switch (number % 8)
        {
            case 0:
                worker.Disconnect();
                break;
            case 1:
                worker.Kill(Signal.SIGKILL);
                break;
            case 2:
                await worker.SendAsync("exit 3");
                break;
            case 3:
                await worker.SendAsync("disconnect");
                break;
            case 4:
                await worker.SendAsync("kill");
                break;
            case 5:
                worker.Kill();
                break;
            case 6 when Cluster.SchedulingPolicy == SchedulingPolicy.Shared:
                worker.Kill(Signal.SIGUSR1);
                break;
            case 6:
                // On the scoreboard, which is looked at when there is something to do.
                await worker.SendAsync("lie 1000000");
                while (worker.IsConnected)
                {
                    await ConnectAsync(addresses[0]);
                }

                break;
            default:
                var gone = new TaskCompletionSource();
                worker.Disconnected += (_, _) => gone.TrySetResult();
                await worker.SendAsync("closechannel");
                await gone.Task;
                worker.Disconnect();
                break;
        }
    }
}
