using Prefork;
using Prefork.Values;

namespace SocketIoCluster;

/// <summary>What setupPrimary() of @socket.io/cluster-adapter does: an adapter's message goes to all other workers, and an answer to whoever asked.</summary>
internal static class AdapterRelay
{
    private const string Source = "_sio_adapter";

    /// <summary>Which worker an adapter is in; there is one for each namespace. Touched by the events only, which come one at a time.</summary>
    private static readonly Dictionary<string, WorkerProcess> s_adapters = [];

    internal static void Start()
    {
        Cluster.MessageReceived += (_, e) =>
        {
            if (Packet.Read(e.Message) is not JsObject message || message.GetValueOrDefault("source") is not Source)
            {
                return;
            }

            if (message.GetValueOrDefault("uid") is string adapter)
            {
                s_adapters[adapter] = e.Worker;
            }

            if (message.GetValueOrDefault("requesterUid") is not string requester)
            {
                foreach (var worker in Cluster.Workers.Values.Where(worker => worker != e.Worker))
                {
                    Send(worker, message);
                }
            }
            else if (s_adapters.TryGetValue(requester, out var worker))
            {
                Send(worker, message);
            }
        };
        Cluster.Exited += (_, e) =>
        {
            foreach (var (adapter, _) in s_adapters.Where(pair => pair.Value == e.Worker).ToList())
            {
                s_adapters.Remove(adapter);
            }
        };
    }

    /// <summary>Sent in the order of the calls; nobody waits. A worker that is gone needs nothing any more.</summary>
    private static async void Send(WorkerProcess worker, JsObject message)
    {
        try
        {
            await worker.SendValueAsync(message);
        }
        catch (ClusterChannelClosedException)
        {
        }
    }
}
