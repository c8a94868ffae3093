namespace Prefork.Benchmarks;

/// <summary>Counts, sends and echoes as it is told.</summary>
internal sealed class MessagesWorker(ClusterWorker worker)
{
    private readonly TaskCompletionSource _disconnected = new();
    private int _toCount;

    public static async Task RunAsync(ClusterWorker worker)
    {
        var self = new MessagesWorker(worker);
        worker.MessageReceived += (_, e) => self.OnMessage(e.Message.Get(PingJson.Default.Ping)!);
        worker.Disconnected += (_, _) => self._disconnected.TrySetResult();
        await self.SendAsync(0, "hello");
        await self._disconnected.Task;
    }

    private void OnMessage(Ping message)
    {
        switch (message.Name)
        {
            case "count":
                _toCount = message.Id;
                break;
            case "ping":
                if (--_toCount == 0)
                {
                    _ = SendAsync(message.Id, "counted");
                }
                break;
            case "send":
                _ = Task.Run(() => SendManyAsync(message.Id));
                break;
            case "echo":
                _ = SendAsync(message.Id, "pong");
                break;
        }
    }

    private async Task SendManyAsync(int count)
    {
        for (var id = 0; id < count; id++)
        {
            await SendAsync(id, "ping");
        }
    }

    private async Task SendAsync(int id, string name) => await worker.SendAsync(new Ping(id, name), PingJson.Default.Ping);
}
