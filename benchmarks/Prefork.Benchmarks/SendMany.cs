namespace Prefork.Benchmarks;

/// <summary>Sends in order: each awaited, or (SEND_WINDOW) so many under way before one is, as a producer does that wants throughput and a bound.</summary>
internal static class SendMany
{
    private static readonly int Window = int.Parse(Environment.GetEnvironmentVariable("SEND_WINDOW") ?? "1");

    public static async Task RunAsync(int count, Func<int, ValueTask> send)
    {
        for (var id = 0; id < count; id++)
        {
            var sent = send(id);
            if ((id + 1) % Window == 0)
            {
                await sent;
            }
            else if (!sent.IsCompleted)
            {
                // Order is kept, so the one awaited later ends after this one.
                _ = sent.AsTask();
            }
        }
    }
}
