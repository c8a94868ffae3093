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
                    _ = SendAsync(message.Id, "counted").AsTask();
                }
                break;
            case "send":
                _ = Task.Run(() => SendManyAsync(message.Id));
                break;
            case "echo":
                _ = SendAsync(message.Id, "pong").AsTask();
                break;
        }
    }

    private async Task SendManyAsync(int count)
    {
        await SendMany.RunAsync(count, id => SendAsync(id, "ping"));
    }

    private ValueTask SendAsync(int id, string name) => worker.SendAsync(new Ping(id, name), PingJson.Default.Ping);
}
