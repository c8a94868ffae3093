using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Prefork.AspNetCore.Tests;

/// <summary>The server ends a connection: by an abort with a reason, without one, or by completing a pipe with an exception.</summary>
public class Aborts
{
    private const string Get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    [Theory]
    [InlineData("request", "0 bytes, RST")]
    [InlineData("throws after it has begun", "FIN")]
    public Task OfARequest_EndItsConnection(string how, string expected) => Transports.SameAsync(
        expected,
        carrier => TestServer.HttpAsync(carrier, async context =>
        {
            if (how == "request")
            {
                context.Abort();
                return;
            }

            context.Response.ContentLength = 100;
            await context.Response.WriteAsync("some");
            await context.Response.Body.FlushAsync();
            throw new InvalidOperationException("of the handler's");
        }),
        async server =>
        {
            using var client = await TestClient.ConnectAsync(server);
            await client.SendAsync(Get);
            var (count, end) = await client.CountToEndAsync();
            return how == "request" ? $"{count} bytes, {end}" : end;
        },
        times: 10);

    /// <summary>The handler reads when it has ended the connection, and goes on as Kestrel lets it.</summary>
    [Theory]
    [InlineData("abort", "RST; read: ConnectionAbortedException; flush: completed; closed")]
    [InlineData("abort with a reason", "RST; read: ConnectionAbortedException; flush: completed; closed")]
    [InlineData("abort without a reason", "FIN; read: ConnectionAbortedException; flush: completed; closed")]
    [InlineData("output completed with an exception", "RST; read: InvalidOperationException; flush: InvalidOperationException; closed")]
    [InlineData("output completed", "FIN; read: ConnectionAbortedException; flush: InvalidOperationException; closed")]
    public Task OfAConnection_AreSeenAsWithKestrelsSockets(string how, string expected) => Transports.SameAsync(
        expected,
        async carrier =>
        {
            var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var server = await TestServer.RawAsync(carrier, async connection =>
            {
                var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                connection.ConnectionClosed.Register(closed.SetResult);
                var first = await connection.Transport.Input.ReadAsync();
                connection.Transport.Input.AdvanceTo(first.Buffer.End);
                switch (how)
                {
                    case "abort":
                        connection.Abort();
                        break;
                    case "abort with a reason":
                        connection.Abort(new ConnectionAbortedException("a reason"));
                        break;
                    case "abort without a reason":
                        connection.Abort(null!);
                        break;
                    case "output completed":
                        connection.Transport.Output.Complete();
                        break;
                    default:
                        connection.Transport.Output.Complete(new InvalidOperationException("of the handler's"));
                        break;
                }

                await closed.Task.WaitAsync(TestServer.Patience);
                var read = await Outcome.OfReadAsync(connection.Transport.Input);
                var flush = await Outcome.OfWritesAsync(connection.Transport.Output);
                seen.SetResult($"read: {read}; flush: {flush}; closed");
            });
            using var client = await TestClient.ConnectAsync(server);
            await client.SendAsync("a");
            var end = (await client.CountToEndAsync()).End;
            return $"{end}; {await seen.Task.WaitAsync(TestServer.Patience)}";
        },
        times: 3);

    /// <summary>What was flushed before is still sent.</summary>
    [Theory]
    [InlineData("input completed", "5 bytes, FIN")]
    [InlineData("input completed with an exception", "5 bytes, FIN")]
    [InlineData("output completed", "5 bytes, FIN")]
    [InlineData("returns", "5 bytes, FIN")]
    [InlineData("throws", "5 bytes, FIN")]
    public Task OrderlyEnds_SendWhatIsFlushed(string how, string expected) => Transports.SameAsync(
        expected,
        carrier => TestServer.RawAsync(carrier, async connection =>
        {
            var result = await connection.Transport.Input.ReadAsync();
            connection.Transport.Input.AdvanceTo(result.Buffer.End);
            switch (how)
            {
                case "input completed":
                    connection.Transport.Input.Complete();
                    await connection.Transport.Output.WriteAsync("hello"u8.ToArray());
                    break;
                case "input completed with an exception":
                    connection.Transport.Input.Complete(new InvalidOperationException("of the handler's"));
                    await connection.Transport.Output.WriteAsync("hello"u8.ToArray());
                    break;
                case "output completed":
                    await connection.Transport.Output.WriteAsync("hello"u8.ToArray());
                    connection.Transport.Output.Complete();
                    break;
                case "throws":
                    await connection.Transport.Output.WriteAsync("hello"u8.ToArray());
                    throw new InvalidOperationException("of the handler's");
                default:
                    await connection.Transport.Output.WriteAsync("hello"u8.ToArray());
                    break;
            }
        }),
        async server =>
        {
            using var client = await TestClient.ConnectAsync(server);
            await client.SendAsync("abc");
            return await client.ReadToEndAsync();
        },
        times: 5);

    /// <summary>An answer whose end is the end of the connection, to a client that reads slowly.</summary>
    [Fact]
    public Task AnAnswerThatEndsWithTheConnection_ArrivesWhole() => Transports.SameAsync(
        "HTTP/1.1 200 OK, 4000000 bytes, FIN",
        carrier => TestServer.HttpAsync(carrier, async context =>
        {
            for (var i = 0; i < 40; i++)
            {
                await context.Response.Body.WriteAsync(new byte[100_000]);
            }
        }),
        async server =>
        {
            using var client = await TestClient.ConnectAsync(server, receiveBuffer: 4096);
            await client.SendAsync("GET / HTTP/1.0\r\n\r\n");
            return await client.ReadAnswerAsync();
        },
        times: 2);

    /// <summary>A switch of Kestrel's, for clients that take a reset amiss.</summary>
    [Fact]
    public async Task WithTheSwitchFinOnError_AreOrderlyEnds()
    {
        AppContext.SetSwitch(Transport.TransportSettings.FinOnErrorSwitch, true);
        try
        {
            await using var server = await TestServer.RawAsync(Carrier.Prefork, async connection =>
            {
                var first = await connection.Transport.Input.ReadAsync();
                connection.Transport.Input.AdvanceTo(first.Buffer.End);
                connection.Abort();
            });
            using var client = await TestClient.ConnectAsync(server);
            await client.SendAsync("a");
            Assert.Equal("0 bytes, FIN", await client.ReadToEndAsync());
        }
        finally
        {
            AppContext.SetSwitch(Transport.TransportSettings.FinOnErrorSwitch, false);
        }
    }
}
