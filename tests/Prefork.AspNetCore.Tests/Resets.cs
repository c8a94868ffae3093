using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Prefork.AspNetCore.Transport;

namespace Prefork.AspNetCore.Tests;

/// <summary>The client resets its connection.</summary>
public class Resets
{
    [Theory]
    [InlineData("reads", "ConnectionResetException; aborted")]
    [InlineData("waits", "aborted")]
    [InlineData("writes", "TaskCanceledException; aborted")]
    [InlineData("reads later", "ConnectionResetException; aborted")]
    public async Task WhileARequestIsHandled_TheHandlerHearsOfIt(string does, string expected)
    {
        var started = Channel.CreateUnbounded<int>();
        var seen = Channel.CreateUnbounded<string>();
        await Transports.SameAsync(
            expected,
            carrier => TestServer.HttpAsync(carrier, async context =>
            {
                var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                using var registration = context.RequestAborted.Register(ended.SetResult);
                started.Writer.TryWrite(0);
                var how = "";
                try
                {
                    switch (does)
                    {
                        case "reads":
                            await context.Request.Body.ReadExactlyAsync(new byte[10]);
                            break;
                        case "reads later":
                            await ended.Task.WaitAsync(TestServer.Patience);
                            await context.Request.Body.ReadExactlyAsync(new byte[10]);
                            break;
                        case "writes":
                            while (true)
                            {
                                await context.Response.Body.WriteAsync(new byte[100_000], context.RequestAborted);
                            }
                    }
                }
                catch (Exception exception)
                {
                    how = $"{exception.GetType().Name.Replace("OperationCanceled", "TaskCanceled", StringComparison.Ordinal)}; ";
                }

                await ended.Task.WaitAsync(TestServer.Patience);
                seen.Writer.TryWrite($"{how}aborted");
            }),
            async server =>
            {
                using var client = await TestClient.ConnectAsync(server, receiveBuffer: 4096);
                await client.SendAsync("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc");
                await started.Reader.ReadAsync();
                if (does == "writes")
                {
                    // The answer is under way.
                    await client.ReadUntilAsync("HTTP/1.1 200 OK\r\n");
                }

                client.Reset();
                return await seen.Reader.ReadAsync().AsTask().WaitAsync(TestServer.Patience);
            },
            times: 5);
    }

    [Fact]
    public Task OfAConnection_AreSeenAsWithKestrelsSockets() => Transports.SameAsync(
        "closed; ConnectionResetException, ConnectionResetException; completed",
        async carrier =>
        {
            var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var server = await TestServer.RawAsync(carrier, async connection =>
            {
                // Nobody reads when the reset comes.
                var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                connection.ConnectionClosed.Register(closed.SetResult);
                started.SetResult();
                await closed.Task.WaitAsync(TestServer.Patience);
                var reads = $"{await Outcome.OfReadAsync(connection.Transport.Input)}, {await Outcome.OfReadAsync(connection.Transport.Input)}";
                seen.SetResult($"closed; {reads}; {await Outcome.OfWritesAsync(connection.Transport.Output)}");
            });
            using var client = await TestClient.ConnectAsync(server);
            await started.Task.WaitAsync(TestServer.Patience);
            client.Reset();
            return await seen.Task.WaitAsync(TestServer.Patience);
        });

    /// <summary>The category is Kestrel's, so the events have Kestrel's numbers, names and levels.</summary>
    [Theory]
    [InlineData("reset", "19 ConnectionReset Debug")]
    [InlineData("half-close", "6 ConnectionReadFin Debug, 7 ConnectionWriteFin Debug")]
    [InlineData("abort", "8 ConnectionWriteRst Debug")]
    public async Task AndOtherEnds_AreLoggedAsByKestrel(string how, string expected)
    {
        var names = expected.Split(", ");
        await Transports.SameAsync(
            expected,
            async carrier =>
            {
                var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var server = await TestServer.RawAsync(carrier, async connection =>
                {
                    started.SetResult();
                    await Outcome.OfReadAsync(connection.Transport.Input);
                    if (how == "abort")
                    {
                        connection.Abort();
                    }
                });
                await using (server)
                {
                    using var client = await TestClient.ConnectAsync(server);
                    await started.Task.WaitAsync(TestServer.Patience);
                    if (how == "reset")
                    {
                        client.Reset();
                    }
                    else if (how == "half-close")
                    {
                        client.HalfClose();
                        await client.CountToEndAsync();
                    }
                    else
                    {
                        await client.SendAsync("a");
                        await client.CountToEndAsync();
                    }

                    foreach (var name in names)
                    {
                        await server.Log.WaitForAsync(entry => entry.Category == TransportLog.Category && Say(entry) == name);
                    }
                }

                var entries = server.Log.Entries.Where(entry => entry.Category == TransportLog.Category).Select(Say).ToList();
                Assert.DoesNotContain(entries, entry => !entry.EndsWith(nameof(LogLevel.Debug), StringComparison.Ordinal));
                return string.Join(", ", entries.Where(names.Contains).Order(StringComparer.Ordinal));
            });
    }

    private static string Say(RecordedLog.Entry entry) => $"{entry.Id.Id} {entry.Id.Name} {entry.Level}";
}
