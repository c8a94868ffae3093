using System.Net.Security;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Prefork.AspNetCore.Tests;

/// <summary>One end has sent all that it will send, and the other goes on.</summary>
public class HalfCloses
{
    private const string Get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    [Fact]
    public Task AfterAChunkedAnswer_TheClientSeesAnOrderlyEnd() => Transports.SameAsync(
        "0 bytes, FIN",
        carrier => TestServer.HttpAsync(carrier, async context =>
        {
            await context.Response.WriteAsync("a");
            await context.Response.Body.FlushAsync();
            await context.Response.WriteAsync("b");
        }),
        async server =>
        {
            using var client = await TestClient.ConnectAsync(server);
            await client.SendAsync(Get);
            await client.ReadUntilAsync("0\r\n\r\n");
            client.HalfClose();
            return await client.ReadToEndAsync();
        },
        times: 40);

    [Theory]
    [InlineData(false, "0 bytes, FIN; aborted")]
    [InlineData(true, "FIN; aborted")]
    public async Task WhileAnAnswerIsMade_TheRequestIsAborted_AndTheClientSeesAnOrderlyEnd(bool partly, string expected)
    {
        var started = Channel.CreateUnbounded<int>();
        var aborted = Channel.CreateUnbounded<string>();
        await Transports.SameAsync(
            expected,
            carrier => TestServer.HttpAsync(carrier, async context =>
            {
                if (partly)
                {
                    await context.Response.WriteAsync("part");
                    await context.Response.Body.FlushAsync();
                }

                var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                using var registration = context.RequestAborted.Register(ended.SetResult);
                started.Writer.TryWrite(0);
                await ended.Task.WaitAsync(TestServer.Patience);
                aborted.Writer.TryWrite("aborted");
            }),
            async server =>
            {
                using var client = await TestClient.ConnectAsync(server);
                await client.SendAsync(Get);
                await started.Reader.ReadAsync();
                if (partly)
                {
                    await client.ReadUntilAsync("part\r\n");
                }

                client.HalfClose();
                var (count, end) = await client.CountToEndAsync();
                return $"{(partly ? "" : $"{count} bytes, ")}{end}; {await aborted.Reader.ReadAsync()}";
            },
            times: 20);
    }

    /// <summary>Where the client half-closes in the midst, Kestrel answers or not, as it happens; what else it never does, ours does not either.</summary>
    [Theory]
    [InlineData("", true, "'', FIN")]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", false, "HTTP/1.1 200 OK, 5 bytes, FIN")]
    [InlineData("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc", false, "HTTP/1.1 200 OK, 5 bytes, FIN")]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", true, "HTTP/1.1 200 OK, 5 bytes, FIN", "'', FIN")]
    [InlineData("GET / HT", true, "HTTP/1.1 400 Bad Request, 0 bytes, FIN", "'', FIN")]
    [InlineData("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc", true, "'', RST", "'', FIN")]
    public async Task WhatIsAnswered_IsWhatKestrelAnswers(string request, bool halfCloses, params string[] allowed)
    {
        foreach (var carrier in Enum.GetValues<Carrier>())
        {
            await using var server = await TestServer.HttpAsync(carrier, async context =>
            {
                await context.Request.Body.CopyToAsync(Stream.Null);
                context.Response.ContentLength = 5;
                await context.Response.WriteAsync("hello");
            });
            for (var i = 0; i < 5; i++)
            {
                using var client = await TestClient.ConnectAsync(server);
                await client.SendAsync(request);
                if (halfCloses)
                {
                    client.HalfClose();
                }

                var answer = await client.ReadAnswerAsync();
                Assert.True(allowed.Contains(answer), $"{carrier}: {answer}");
            }
        }
    }

    [Fact]
    public async Task TheServer_MayGoOnSending()
    {
        await Transports.SameAsync(
            "read: 3 bytes, then the end; closed; 4000000 bytes, FIN",
            async carrier =>
            {
                var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
                await using var server = await TestServer.RawAsync(carrier, async connection =>
                {
                    var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    connection.ConnectionClosed.Register(closed.SetResult);
                    var count = 0L;
                    while (await connection.Transport.Input.ReadAsync() is var result)
                    {
                        count += result.Buffer.Length;
                        connection.Transport.Input.AdvanceTo(result.Buffer.End);
                        if (result.IsCompleted)
                        {
                            break;
                        }
                    }

                    await closed.Task.WaitAsync(TestServer.Patience);
                    seen.SetResult($"read: {count} bytes, then the end; closed");
                    for (var i = 0; i < 40; i++)
                    {
                        await connection.Transport.Output.WriteAsync(new byte[100_000]);
                    }
                });
                using var client = await TestClient.ConnectAsync(server);
                await client.SendAsync("abc");
                client.HalfClose();
                return $"{await seen.Task.WaitAsync(TestServer.Patience)}; {await client.ReadToEndAsync()}";
            });
    }

    /// <summary>Kestrel's sockets do not half-close: with its output the connection ends.</summary>
    [Fact]
    public async Task TheServersOutput_EndsTheConnection()
    {
        await Transports.SameAsync(
            "5 bytes, FIN; read: ConnectionAbortedException; closed",
            async carrier =>
            {
                var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
                await using var server = await TestServer.RawAsync(carrier, async connection =>
                {
                    var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    connection.ConnectionClosed.Register(closed.SetResult);
                    await connection.Transport.Output.WriteAsync("hello"u8.ToArray());
                    connection.Transport.Output.Complete();
                    var read = "nothing";
                    try
                    {
                        var result = await connection.Transport.Input.ReadAsync();
                        read = $"{result.Buffer.Length} bytes, {result.IsCompleted}";
                    }
                    catch (Exception exception)
                    {
                        read = exception.GetType().Name;
                    }

                    await closed.Task.WaitAsync(TestServer.Patience);
                    seen.SetResult($"read: {read}; closed");
                });
                using var client = await TestClient.ConnectAsync(server);
                return $"{await client.ReadToEndAsync()}; {await seen.Task.WaitAsync(TestServer.Patience)}";
            },
            times: 5);
    }

    /// <summary>The client closes its half of the connection, without TLS's own farewell.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task UnderTls_TheClientSeesAnOrderlyEnd(bool whileAnswered)
    {
        var started = Channel.CreateUnbounded<int>();
        await Transports.SameAsync(
            "FIN",
            carrier => TestServer.HttpAsync(
                carrier,
                async context =>
                {
                    if (whileAnswered)
                    {
                        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                        using var registration = context.RequestAborted.Register(ended.SetResult);
                        started.Writer.TryWrite(0);
                        await ended.Task.WaitAsync(TestServer.Patience);
                        return;
                    }

                    await context.Response.WriteAsync("a");
                    await context.Response.Body.FlushAsync();
                },
                new TestServer.Setup { Https = true }),
            async server =>
            {
                using var client = await TestClient.ConnectAsync(server);
                await using var network = new NetworkStream(client.Socket);
                await using var tls = new SslStream(network, leaveInnerStreamOpen: true, static (_, _, _, _) => true);
                await tls.AuthenticateAsClientAsync("localhost");
                await tls.WriteAsync(System.Text.Encoding.ASCII.GetBytes(Get));
                if (whileAnswered)
                {
                    await started.Reader.ReadAsync();
                }
                else
                {
                    var text = "";
                    for (var buffer = new byte[1000]; !text.EndsWith("0\r\n\r\n", StringComparison.Ordinal);)
                    {
                        text += System.Text.Encoding.ASCII.GetString(buffer, 0, await tls.ReadAsync(buffer).AsTask().WaitAsync(TestServer.Patience));
                    }
                }

                client.HalfClose();
                return (await client.CountToEndAsync()).End;
            },
            times: 5);
    }

    /// <summary>A client of HTTP/2 that says nothing more after its preface.</summary>
    [Fact]
    public Task OfHttp2_TheClientSeesAnOrderlyEnd() => Transports.SameAsync(
        "FIN",
        carrier => TestServer.HttpAsync(
            carrier,
            static _ => Task.CompletedTask,
            new TestServer.Setup { Kestrel = kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http2) }),
        async server =>
        {
            using var client = await TestClient.ConnectAsync(server);
            await client.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray().Concat(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 }).ToArray());
            client.HalfClose();
            return (await client.CountToEndAsync()).End;
        },
        times: 5);

    [Fact]
    public async Task OverAUnixSocket_TheClientSeesAnOrderlyEnd()
    {
        var folder = Directory.CreateTempSubdirectory("prefork-tests-");
        try
        {
            var path = Path.Combine(folder.FullName, "s");
            await Transports.SameAsync(
                "0 bytes, FIN",
                async carrier =>
                {
                    await using var server = await TestServer.HttpAsync(
                        carrier,
                        static async context =>
                        {
                            await context.Response.WriteAsync("a");
                            await context.Response.Body.FlushAsync();
                        },
                        new TestServer.Setup { UnixPath = path });
                    using var client = await TestClient.ConnectAsync(new UnixDomainSocketEndPoint(path));
                    await client.SendAsync(Get);
                    await client.ReadUntilAsync("0\r\n\r\n");
                    client.HalfClose();
                    return await client.ReadToEndAsync();
                },
                times: 3);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
