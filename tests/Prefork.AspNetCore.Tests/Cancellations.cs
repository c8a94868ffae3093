using System.IO.Pipelines;
using System.Text;

namespace Prefork.AspNetCore.Tests;

/// <summary>A wait for the client is called off, and the connection goes on.</summary>
public class Cancellations
{
    [Theory]
    [InlineData("cancels while it waits", "cancelled; abc")]
    [InlineData("cancels before", "cancelled; abc")]
    [InlineData("token while it waits", "OperationCanceledException; abc")]
    [InlineData("token before", "OperationCanceledException; abc")]
    public Task OfAReadOrItsToken_LoseNothing(string how, string expected) => Transports.SameAsync(
        expected,
        async carrier =>
        {
            var cancelled = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            var read = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var server = await TestServer.RawAsync(carrier, async connection =>
            {
                var input = connection.Transport.Input;
                using var token = new CancellationTokenSource();
                void Cancel()
                {
                    if (how.StartsWith("token", StringComparison.Ordinal))
                    {
                        token.Cancel();
                    }
                    else
                    {
                        input.CancelPendingRead();
                    }
                }

                if (how.EndsWith("before", StringComparison.Ordinal))
                {
                    Cancel();
                }

                var pending = ReadAsync(input, token.Token);
                if (!how.EndsWith("before", StringComparison.Ordinal))
                {
                    Assert.False(pending.IsCompleted);
                    Cancel();
                }

                cancelled.SetResult(await pending);
                read.SetResult(await ReadAsync(input, CancellationToken.None));
            });
            using var client = await TestClient.ConnectAsync(server);
            var first = await cancelled.Task.WaitAsync(TestServer.Patience);
            await client.SendAsync("abc");
            return $"{first}; {await read.Task.WaitAsync(TestServer.Patience)}";
        },
        times: 3);

    [Fact]
    public Task OfAWriteThatIsHeldUp_LoseNothing() => Transports.SameAsync(
        "cancelled; all arrived, FIN",
        async carrier =>
        {
            var seen = new TaskCompletionSource<(string How, long Written)>(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var server = await TestServer.RawAsync(carrier, async connection =>
            {
                var output = connection.Transport.Output;
                var written = 0L;
                var result = default(FlushResult);
                while (!result.IsCanceled)
                {
                    // The first flush that waits is the one that is called off.
                    var flush = output.WriteAsync(new byte[1024 * 1024]);
                    written += 1024 * 1024;
                    if (!flush.IsCompleted)
                    {
                        output.CancelPendingFlush();
                    }

                    result = await flush;
                }

                seen.SetResult(("cancelled", written));
            });
            using var client = await TestClient.ConnectAsync(server);
            var (how, written) = await seen.Task.WaitAsync(TestServer.Patience);
            var (count, end) = await client.CountToEndAsync();
            return $"{how}; {(count == written ? "all arrived" : $"{count} of {written} arrived")}, {end}";
        });

    private static async Task<string> ReadAsync(PipeReader input, CancellationToken token)
    {
        try
        {
            var result = await input.ReadAsync(token).AsTask().WaitAsync(TestServer.Patience, CancellationToken.None);
            var text = result.IsCanceled ? "cancelled" : Encoding.ASCII.GetString(result.Buffer.FirstSpan);
            input.AdvanceTo(result.IsCanceled ? result.Buffer.Start : result.Buffer.End);
            return text;
        }
        catch (OperationCanceledException)
        {
            return nameof(OperationCanceledException);
        }
    }
}
