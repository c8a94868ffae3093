using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Prefork.AspNetCore.Tests;

/// <summary>What an application sees of a connection, and does to it, by its features.</summary>
public partial class ConnectionSockets
{
    /// <summary>A newer Kestrel may have another feature; then ours, and the table in docs/aspnetcore.md, want it too.</summary>
    [Fact]
    public async Task EveryFeatureOfKestrelsConnections_IsThere()
    {
        var kestrels = await FeaturesAsync(Carrier.Kestrel);
        Assert.Contains(nameof(IConnectionSocketFeature), kestrels);
        Assert.Empty(kestrels.Except(await FeaturesAsync(Carrier.Prefork)));
        Assert.Empty(kestrels.Except(await FeaturesAsync(Carrier.Sockets)));
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("::1", true)]
    [InlineData("::", true)]
    [InlineData("unix", true)]
    public async Task TheSocket_ShowsWhatKestrelsDoes(string address, bool noDelay)
    {
        var folder = Directory.CreateTempSubdirectory("prefork-tests-");
        try
        {
            var path = Path.Combine(folder.FullName, "s");
            var seen = new List<(Carrier Carrier, string Text)>();
            foreach (var carrier in Enum.GetValues<Carrier>())
            {
                var told = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
                var setup = new TestServer.Setup
                {
                    Address = address == "unix" ? IPAddress.Loopback : IPAddress.Parse(address),
                    UnixPath = address == "unix" ? path : null,
                    Sockets = sockets => sockets.NoDelay = noDelay,
                };
                await using var server = await TestServer.RawAsync(
                    carrier,
                    async connection =>
                    {
                        await Outcome.OfReadAsync(connection.Transport.Input);
                        told.SetResult($"{Describe(connection.Features.Get<IConnectionSocketFeature>()!.Socket)}\nconnection {connection.LocalEndPoint} {connection.RemoteEndPoint}");
                    },
                    setup);
                EndPoint endPoint = address == "unix" ? new UnixDomainSocketEndPoint(path) : new IPEndPoint(address == "::" ? IPAddress.Loopback : IPAddress.Parse(address), server.Port);
                using var client = await TestClient.ConnectAsync(endPoint);
                await client.SendAsync("a");
                seen.Add((carrier, Port().Replace((await told.Task.WaitAsync(TestServer.Patience)).Replace(path, "PATH", StringComparison.Ordinal), ":PORT")));
            }

            Assert.All(seen, one => Assert.Equal($"{one.Carrier}\n{seen[0].Text}", $"{one.Carrier}\n{one.Text}"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task NoDelay_IsAsTheTransportsOptionSays_UntilTheApplicationSetsIt(bool noDelay) => Transports.SameAsync(
        $"{noDelay}, set to {!noDelay}, {!noDelay}, {!noDelay}",
        async carrier =>
        {
            var request = 0;
            var setup = new TestServer.Setup { Sockets = sockets => sockets.NoDelay = noDelay };
            await using var server = await TestServer.HttpAsync(
                carrier,
                context =>
                {
                    var socket = context.Features.Get<IConnectionSocketFeature>()!.Socket;
                    var before = $"{socket.NoDelay}";
                    if (request++ == 0)
                    {
                        socket.NoDelay = !noDelay;
                        before += $", set to {!noDelay}";
                    }

                    context.Response.ContentLength = before.Length;
                    return context.Response.WriteAsync(before);
                },
                setup);
            using var client = new HttpClient { Timeout = TestServer.Patience };
            var url = $"http://127.0.0.1:{server.Port}/";
            return $"{await client.GetStringAsync(url)}, {await client.GetStringAsync(url)}, {await client.GetStringAsync(url)}";
        });

    [Theory]
    [InlineData("disposed", "RST; read: threw or ended; closed")]
    [InlineData("closed with a timeout of zero", "RST; read: threw or ended; closed")]
    [InlineData("shut down", "FIN; read: threw or ended; closed")]
    public Task WhenTheApplicationEndsTheSocket_TheConnectionEnds(string how, string expected) => Transports.SameAsync(
        expected,
        async carrier =>
        {
            var told = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var server = await TestServer.RawAsync(carrier, async connection =>
            {
                var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                connection.ConnectionClosed.Register(closed.SetResult);
                var first = await connection.Transport.Input.ReadAsync();
                connection.Transport.Input.AdvanceTo(first.Buffer.End);
                var socket = connection.Features.Get<IConnectionSocketFeature>()!.Socket;
                switch (how)
                {
                    case "disposed":
                        socket.Dispose();
                        break;
                    case "shut down":
                        socket.Shutdown(SocketShutdown.Both);
                        break;
                    default:
                        socket.Close(0);
                        break;
                }

                // Which exception is left to the transport.
                var read = await Outcome.OfReadAsync(connection.Transport.Input);
                await closed.Task.WaitAsync(TestServer.Patience);
                told.SetResult($"read: {(read.EndsWith("Exception", StringComparison.Ordinal) || read == "0 bytes, the end" ? "threw or ended" : read)}; closed");
            });
            using var client = await TestClient.ConnectAsync(server);
            await client.SendAsync("a");
            var end = (await client.CountToEndAsync()).End;
            return $"{end}; {await told.Task.WaitAsync(TestServer.Patience)}";
        });

    [Fact]
    public Task AConnectionThatIsOver_StillHasItsEndPoints() => Transports.SameAsync(
        "127.0.0.1, 127.0.0.1",
        async carrier =>
        {
            var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var told = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var server = await TestServer.RawAsync(
                carrier,
                async connection =>
                {
                    var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    connection.ConnectionClosed.Register(closed.SetResult);
                    var read = Outcome.OfReadAsync(connection.Transport.Input);
                    started.SetResult();
                    await read;
                    await closed.Task.WaitAsync(TestServer.Patience);
                    told.SetResult($"{(connection.LocalEndPoint as IPEndPoint)?.Address}, {(connection.RemoteEndPoint as IPEndPoint)?.Address}");
                },
                new TestServer.Setup { Address = IPAddress.Any });
            using var client = await TestClient.ConnectAsync(server);
            await started.Task.WaitAsync(TestServer.Patience);
            client.Reset();
            return await told.Task.WaitAsync(TestServer.Patience);
        });

    [GeneratedRegex(@":\d+")]
    private static partial Regex Port();

    private static async Task<IReadOnlyList<string>> FeaturesAsync(Carrier carrier)
    {
        var told = new TaskCompletionSource<IReadOnlyList<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.RawAsync(carrier, connection =>
        {
            told.SetResult([.. connection.Features.Select(feature => feature.Key.Name).Order()]);
            return Task.CompletedTask;
        });
        using var client = await TestClient.ConnectAsync(server);
        return await told.Task.WaitAsync(TestServer.Patience);
    }

    private static string Describe(Socket socket)
    {
        var lines = typeof(Socket).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.Name is not (nameof(Socket.Handle) or nameof(Socket.SafeHandle)))
            .OrderBy(property => property.Name, StringComparer.Ordinal)
            .Select(property => $"{property.Name} {Value(property, socket)}");
        return string.Join('\n', lines);
    }

    private static string Value(PropertyInfo property, Socket socket)
    {
        try
        {
            return property.GetValue(socket) switch
            {
                LingerOption linger => $"{linger.Enabled} {linger.LingerTime}",
                var value => $"{value}",
            };
        }
        catch (TargetInvocationException exception)
        {
            return exception.InnerException!.GetType().Name;
        }
    }
}
