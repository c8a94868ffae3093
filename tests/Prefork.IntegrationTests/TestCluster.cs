using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Prefork.IntegrationTests;

/// <summary>ClusterApp, driven: a real primary with real workers.</summary>
internal sealed class TestCluster : TestProgram
{
    private TestCluster(string program, IReadOnlyDictionary<string, string?>? environment) : base(program, null, environment)
    {
    }

    /// <summary>The same program in another file, such as a published one.</summary>
    internal static async Task<TestCluster> StartProgramAsync(string program)
    {
        var cluster = new TestCluster(program, null);
        await cluster.ExpectAsync("primary ");
        return cluster;
    }

    internal static async Task<TestCluster> StartAsync(params string[] commands)
        => await StartAsync(null, commands);

    internal static async Task<TestCluster> StartAsync(IReadOnlyDictionary<string, string?>? environment, params string[] commands)
    {
        var cluster = new TestCluster(Programs.ClusterApp, environment);
        await cluster.ExpectAsync("primary ");
        foreach (var command in commands)
        {
            await cluster.TellAsync(command);
        }

        return cluster;
    }

    /// <summary>Forks, and waits till its code runs. Returns its pid.</summary>
    internal async Task<int> ForkAsync(string environment = "")
    {
        await TellAsync($"fork {environment}".TrimEnd());
        var forked = (await ExpectAsync("forked ")).Split(' ');

        // Another thread tells this one: a worker that is up quickly may be heard of before the fork is.
        await ExpectEverAsync($"online {forked[1]}");
        return int.Parse(forked[2], CultureInfo.InvariantCulture);
    }

    /// <summary>The same, and waits till it answers requests.</summary>
    internal async Task<int> ForkReadyAsync()
    {
        var pid = await ForkAsync();
        await TellAsync($"untilready {Seen[^1].Split(' ')[1]}");
        await ExpectAsync("ready ");
        return pid;
    }

    /// <summary>Tells a worker to listen, and waits till it does. Returns where.</summary>
    internal async Task<EndPoint> ListenAsync(int worker, string what, string name = "a")
    {
        await TellAsync($"send {worker} listen {name} {what}");
        var line = (await ExpectAsync($"message {worker} listens {name} ")).Split(' ')[4];
        return IPEndPoint.TryParse(line, out var endPoint) ? endPoint : new UnixDomainSocketEndPoint(line.Replace('@', '\0'));
    }

    /// <summary>Workers that all listen on one port of the loopback, which is returned.</summary>
    internal async Task<IPEndPoint> ListenAllAsync(int count, string environment = "")
    {
        IPEndPoint? endPoint = null;
        for (var i = 1; i <= count; i++)
        {
            await ForkAsync(environment);
            endPoint = (IPEndPoint)await ListenAsync(i, "127.0.0.1:0");
        }

        return endPoint!;
    }
}

/// <summary>A client of the echo protocol: the server says who it is, then echoes.</summary>
internal sealed class EchoClient : IDisposable
{
    private readonly Socket _socket;
    private readonly StreamReader _reader;

    private EchoClient(Socket socket)
    {
        _socket = socket;
        _reader = new StreamReader(new NetworkStream(socket));
    }

    internal static async Task<EchoClient> ConnectAsync(EndPoint endPoint)
    {
        var unix = endPoint is UnixDomainSocketEndPoint;
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        await socket.ConnectAsync(endPoint).WaitAsync(TestProgram.Patience);
        return new EchoClient(socket);
    }

    /// <summary>Connects and hears who serves.</summary>
    internal static async Task<int> WhoServesAsync(EndPoint endPoint)
    {
        using var client = await ConnectAsync(endPoint);
        return await client.WorkerAsync();
    }

    internal async Task<int> WorkerAsync()
        => int.Parse((await ReadLineAsync() ?? throw new IOException("The server closed before it said who it is.")).Split(' ')[0], CultureInfo.InvariantCulture);

    internal async Task<string?> ReadLineAsync() => await _reader.ReadLineAsync().WaitAsync(TestProgram.Patience);

    internal async Task<string?> EchoAsync(string text)
    {
        await _socket.SendAsync(System.Text.Encoding.UTF8.GetBytes($"{text}\n"));
        return await ReadLineAsync();
    }

    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
    }
}
