using System.IO.Pipelines;

namespace Prefork.AspNetCore.Tests;

/// <summary>Whoever does not read holds up who writes, and nothing is lost.</summary>
public class BackPressure
{
    private const long Much = 256L * 1024 * 1024;

    [Theory]
    [InlineData(null)]
    [InlineData(16 * 1024)]
    public Task AServerThatDoesNotRead_HoldsUpItsClient(int? limit) => Transports.SameAsync(
        "held up; read whole",
        async carrier =>
        {
            var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var seen = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            var setup = new TestServer.Setup
            {
                Sockets = sockets => sockets.MaxReadBufferSize = limit ?? sockets.MaxReadBufferSize,
            };
            await using var server = await TestServer.RawAsync(
                carrier,
                async connection =>
                {
                    await go.Task;
                    seen.SetResult(await CountAsync(connection.Transport.Input));
                },
                setup);
            using var client = await TestClient.ConnectAsync(server);
            var sent = await client.SendWhileTakenAsync(Much);
            go.SetResult();
            client.HalfClose();
            var read = await seen.Task.WaitAsync(TestServer.Patience);
            return $"{(sent < Much ? "held up" : "all taken")}; {(read == sent ? "read whole" : $"read {read} of {sent}")}";
        });

    [Theory]
    [InlineData(null)]
    [InlineData(16 * 1024)]
    public Task AClientThatDoesNotRead_HoldsUpItsServer(int? limit) => Transports.SameAsync(
        "held up; all arrived, FIN",
        async carrier =>
        {
            var heldUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var written = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            var setup = new TestServer.Setup
            {
                Sockets = sockets => sockets.MaxWriteBufferSize = limit ?? sockets.MaxWriteBufferSize,
            };
            await using var server = await TestServer.RawAsync(
                carrier,
                async connection =>
                {
                    var total = 0L;
                    var stands = false;
                    while (total < Much && !stands)
                    {
                        var flush = connection.Transport.Output.WriteAsync(new byte[16 * 1024]).AsTask();
                        total += 16 * 1024;
                        if (await StandsAsync(flush))
                        {
                            stands = true;
                            heldUp.SetResult();
                            await flush;
                        }
                    }

                    heldUp.TrySetException(new InvalidOperationException($"It could write {total} bytes to a client that does not read."));
                    written.SetResult(total);
                },
                setup);
            using var client = await TestClient.ConnectAsync(server);
            await heldUp.Task.WaitAsync(TestServer.Patience);
            var (count, end) = await client.CountToEndAsync();
            return $"held up; {(count == await written.Task ? "all arrived" : $"{count} of {written.Task.Result} arrived")}, {end}";
        });

    /// <summary>An answer that nobody takes is not in the way of an abort, nor is a request that nobody reads.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task AnAbort_EndsAConnectionThatIsHeldUp(bool byClient) => Transports.SameAsync(
        byClient ? "completed; closed" : "completed; closed; RST",
        async carrier =>
        {
            var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var server = await TestServer.RawAsync(carrier, async connection =>
            {
                var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                connection.ConnectionClosed.Register(closed.SetResult);
                Task<FlushResult> flush;
                do
                {
                    flush = connection.Transport.Output.WriteAsync(new byte[1024 * 1024]).AsTask();
                }
                while (!await StandsAsync(flush));

                begun.SetResult();
                if (!byClient)
                {
                    connection.Abort();
                }

                var result = await flush.WaitAsync(TestServer.Patience);
                await closed.Task.WaitAsync(TestServer.Patience);
                seen.SetResult($"{(result.IsCompleted ? "completed" : "goes on")}; closed");
            });
            using var client = await TestClient.ConnectAsync(server);
            await begun.Task.WaitAsync(TestServer.Patience);
            if (byClient)
            {
                client.Reset();
                return await seen.Task.WaitAsync(TestServer.Patience);
            }

            var outcome = await seen.Task.WaitAsync(TestServer.Patience);
            return $"{outcome}; {(await client.CountToEndAsync()).End}";
        });

    /// <summary>Nothing tells that a write waits for the client but that it goes on to.</summary>
    private static async Task<bool> StandsAsync(Task<FlushResult> flush)
    {
        try
        {
            await flush.WaitAsync(TimeSpan.FromMilliseconds(300));
            return false;
        }
        catch (TimeoutException)
        {
            return true;
        }
    }

    private static async Task<long> CountAsync(PipeReader reader)
    {
        var count = 0L;
        while (true)
        {
            var result = await reader.ReadAsync();
            count += result.Buffer.Length;
            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return count;
            }
        }
    }
}
