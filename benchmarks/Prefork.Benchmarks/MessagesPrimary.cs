using System.Diagnostics;

namespace Prefork.Benchmarks;

/// <summary>Drives the measurement, and prints it.</summary>
internal sealed class MessagesPrimary
{
    private static readonly int WarmUp = int.Parse(Environment.GetEnvironmentVariable("WARM_UP") ?? "1000000");

    private readonly WorkerProcess _worker;
    private TaskCompletionSource _answered = new();
    private int _toReceive = 1;
    private int _toEcho;

    private MessagesPrimary(WorkerProcess worker)
    {
        _worker = worker;
        worker.MessageReceived += (_, e) => OnMessage(e.Message.Get(PingJson.Default.Ping)!);
    }

    public static async Task RunAsync(int count, int roundTrips)
    {
        var self = new MessagesPrimary(Cluster.Fork());
        await self._answered.Task;
        await self.DownAsync(WarmUp);
        await self.UpAsync(WarmUp);
        await self.PingPongAsync(roundTrips);
        var down = await PerSecondAsync(count, self.DownAsync);
        var up = await PerSecondAsync(count, self.UpAsync);
        var pingPong = await PerSecondAsync(roundTrips, self.PingPongAsync);
        Console.WriteLine($$"""{"down":{{down}},"up":{{up}},"pingPong":{{pingPong}}}""");
        await Cluster.DisconnectAsync();
    }

    private static async Task<long> PerSecondAsync(int count, Func<int, Task> run)
    {
        var started = Stopwatch.GetTimestamp();
        await run(count);
        return (long)(count / Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private async Task DownAsync(int count)
    {
        var counted = ExpectAsync(1);
        await SendAsync(count, "count");
        await SendMany.RunAsync(count, id => SendAsync(id, "ping"));
        await counted;
    }

    private async Task UpAsync(int count)
    {
        var received = ExpectAsync(count);
        await SendAsync(count, "send");
        await received;
    }

    /// <summary>Each ping is sent by the handler of the pong before it.</summary>
    private async Task PingPongAsync(int count)
    {
        _toEcho = count - 1;
        var ended = ExpectAsync(count);
        await SendAsync(count, "echo");
        await ended;
    }

    private Task ExpectAsync(int messages)
    {
        _toReceive = messages;
        return (_answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
    }

    private void OnMessage(Ping message)
    {
        if (message.Name == "pong" && --_toEcho >= 0)
        {
            _ = SendAsync(_toEcho, "echo").AsTask();
        }

        if (--_toReceive == 0)
        {
            _answered.SetResult();
        }
    }

    private ValueTask SendAsync(int id, string name) => _worker.SendAsync(new Ping(id, name), PingJson.Default.Ping);
}
